#include "cli/next_step.h"

#include <gtest/gtest.h>

namespace tidemill::cli {
namespace {

TEST(NextStep, FollowsWhatHappened) {
  EXPECT_EQ(
      WithNextStep({Errc::kUnavailable, "connect to [::1]:8000: Connection refused"}),
      "connect to [::1]:8000: Connection refused; is the server running? --url or --port names another one");
  EXPECT_EQ(
      WithNextStep({Errc::kUnavailable, "certificate verify failed: self-signed certificate"}),
      "certificate verify failed: self-signed certificate; SSL_CERT_FILE=ca.pem in the environment names "
      "the authority to trust");
  EXPECT_EQ(WithNextStep({Errc::kTimeout, "no answer in time"}), "no answer in time");
}

}  // namespace
}  // namespace tidemill::cli
