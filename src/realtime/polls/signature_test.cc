#include "realtime/polls/signature.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::polls {
namespace {

using Keys = std::vector<std::string>;

PollSettings With(std::string secret, std::string previous = "", std::int64_t until = 0) {
  PollSettings settings;
  settings.hmac_secret_key.value = std::move(secret);
  settings.hmac_previous_secret_key.value = std::move(previous);
  settings.hmac_previous_secret_key_valid_until = until;
  return settings;
}

// Made with Python's hmac and hashlib, as Centrifugo's documentation shows.
TEST(CheckSignature, IsTheOneOfTheDocumentation) {
  const Keys keys = {"post_1", "post_2"};
  const Signed what{.user = "ann", .channel = "votes:feed", .keys = keys};
  EXPECT_EQ(Sign("secret", 1700000000, 1700000060, what),
            "1700000000:1700000060:4a1461f91bbf64a7f493a04fccfadafc5b8d7ce0ad96aa7eeacfc9b801302c72");
}

TEST(CheckSignature, AcceptsAndRefuses) {
  const Keys keys = {"a", "b"};
  const Keys other_order = {"b", "a"};
  const Keys joined = {std::string("a\0b", 3)};
  const Signed what{.user = "u", .channel = "c", .keys = keys};
  const std::string good = Sign("secret", 100, 200, what);
  const std::string forever = Sign("secret", 100, 0, what);
  const PollSettings settings = With("secret");
  struct Case {
    const char* name;
    PollSettings settings;
    std::string signature;
    Signed what;
    std::int64_t now;
    std::expected<std::int64_t, SignatureFault> result;
  };
  constexpr auto kWrong = std::unexpected(SignatureFault::kWrong);
  const Case cases[] = {
      {"good", settings, good, what, 150, 200},
      {"within the grace", settings, good, what, 205, 200},
      {"expired", settings, good, what, 206, std::unexpected(SignatureFault::kExpired)},
      {"never expires", settings, forever, what, 1'000'000, 0},
      {"another user's", settings, good, {"v", "c", keys}, 150, kWrong},
      {"of another channel", settings, good, {"u", "d", keys}, 150, kWrong},
      {"in another order", settings, good, {"u", "c", other_order}, 150, kWrong},
      {"two keys as one", settings, good, {"u", "c", joined}, 150, kWrong},
      {"a later time", settings, "100:300" + good.substr(7), what, 150, kWrong},
      {"no secret", With(""), good, what, 150, kWrong},
      {"the previous secret", With("new", "secret"), good, what, 150, 200},
      {"the previous one, in time", With("new", "secret", 100), good, what, 150, 200},
      {"the previous one, too late", With("new", "secret", 99), good, what, 150, kWrong},
      {"cut", settings, good.substr(0, good.size() - 2), what, 150, kWrong},
      {"empty", settings, "", what, 150, kWrong},
      {"no times", settings, "::" + good.substr(8), what, 150, kWrong},
      {"a negative time", settings, "-1:-1:" + good.substr(8), what, 150, kWrong},
      {"no hexadecimal", settings, "100:200:zz" + good.substr(10), what, 150, kWrong},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(CheckSignature(c.settings, c.signature, c.what, c.now), c.result);
  }
}

}  // namespace
}  // namespace tidemill::polls
