#include "realtime/session/session_secret.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tidemill::session {
namespace {

TEST(SessionSecret, TellsTheLoopAndIsNeverTheSame) {
  std::set<std::string> seen;
  for (const std::size_t loop : {0u, 1u, 255u, 256u, 65535u}) {
    const Uuid secret = MakeSessionSecret(loop);
    EXPECT_EQ(LoopIndexOf(secret), loop);
    EXPECT_TRUE(seen.insert(secret.ToString()).second);
    EXPECT_TRUE(seen.insert(MakeSessionSecret(loop).ToString()).second);
  }
}

TEST(SessionSecret, IsParsedFromItsOwnTextOnly) {
  const Uuid secret = MakeSessionSecret(3);
  const std::string text = secret.ToString();
  EXPECT_EQ(ParseSessionSecret(text), secret);
  std::string upper = text;
  upper[19] = 'A';
  for (const std::string& other : {std::string(), text + "0", text.substr(1), "{" + text + "}", upper,
                                   std::string(36, '-'), std::string(32, '0')}) {
    EXPECT_EQ(ParseSessionSecret(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace tidemill::session
