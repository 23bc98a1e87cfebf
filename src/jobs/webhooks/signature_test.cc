// tests/jobs checks the same with the official libraries of Standard Webhooks.
#include "jobs/webhooks/signature.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::webhooks {
namespace {

// The example of the specification's own libraries.
TEST(Signature, IsThatOfTheSpecification) {
  const std::string keys[] = {*ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  EXPECT_EQ(SignatureOf({.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                         .at = WallTime{1614265330'000},
                         .body = R"({"test": 2432232314})"},
                        keys),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signature, HasOneForEachSecret) {
  const std::string keys[] = {*ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                              *ParseSecret("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")};
  const std::string header = SignatureOf({.id = "a", .at = WallTime{1000}, .body = "{}"}, keys);
  const std::string first = SignatureOf({.id = "a", .at = WallTime{1000}, .body = "{}"}, std::span(keys, 1));
  EXPECT_TRUE(header.starts_with(first + " v1,")) << header;
}

TEST(Signature, SecretsAcceptedAndRefused) {
  struct Case {
    const char* text;
    bool good;
  };
  const std::string longest = "whsec_" + std::string(84, 'A') + "AA==";   // 64 bytes
  const std::string too_long = "whsec_" + std::string(84, 'A') + "AAA=";  // 65
  const Case cases[] = {
      {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true},
      {longest.c_str(), true},
      {too_long.c_str(), false},
      {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false},
      {"whsec_", false},
      {"whsec_c2hvcnQ=", false},
      {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", false},
      {"", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto key = ParseSecret(c.text);
    EXPECT_EQ(key.has_value(), c.good);
    if (!key && std::string_view(c.text).size() > 12) {
      EXPECT_FALSE(key.error().detail.contains(std::string_view(c.text).substr(6))) << "the secret is told";
    }
  }
}

}  // namespace
}  // namespace tidemill::webhooks
