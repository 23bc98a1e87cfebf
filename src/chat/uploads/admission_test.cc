#include "chat/uploads/admission.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace tidemill::chat {
namespace {

class AdmissionTest : public testing::Test {
 protected:
  std::string CodeOf(const Outcome<Admission::Ticket>& ticket) {
    return ticket ? "" : std::string(Name(ticket.error().code));
  }

  metrics::Registry registry_;
  UploadMetrics metrics_{registry_};
  UploadSettings settings_{
      .user_bytes_max = 100, .total_bytes_max = 150, .concurrent_max = 3, .concurrent_per_user_max = 2};
  Admission admission_{settings_, metrics_};
};

TEST_F(AdmissionTest, SoManyAtOnceOfOneAndOfAll) {
  std::optional a = admission_.Enter("ada", 1);
  std::optional b = admission_.Enter("ada", 1);
  EXPECT_EQ(CodeOf(admission_.Enter("ada", 1)), "rate_limited");
  std::optional c = admission_.Enter("bob", 1);
  EXPECT_EQ(metrics_.uploads_under_way.value(), 3);
  EXPECT_EQ(CodeOf(admission_.Enter("eve", 1)), "unavailable");
  EXPECT_GT(admission_.Enter("eve", 1).error().retry_after_ms, 0);
  a.reset();
  EXPECT_EQ(CodeOf(admission_.Enter("ada", 1)), "");
  EXPECT_EQ(metrics_.uploads_under_way.value(), 2);
}

TEST_F(AdmissionTest, ManyAtOnceKeepTheQuotaTogether) {
  const auto first = admission_.Enter("ada", 60);
  EXPECT_TRUE(admission_.CheckQuota(*first, {.user_bytes = 40, .total_bytes = 40}));
  EXPECT_EQ(admission_.CheckQuota(*first, {.user_bytes = 41}).error().code, Code::kQuotaExceeded);
  {
    const auto second = admission_.Enter("ada", 50);
    EXPECT_EQ(admission_.CheckQuota(*second, {}).error().code, Code::kQuotaExceeded) << "60 and 50";
  }
  const auto third = admission_.Enter("ada", 40);
  EXPECT_TRUE(admission_.CheckQuota(*third, {}));
  const auto other = admission_.Enter("bob", 60);
  EXPECT_EQ(admission_.CheckQuota(*other, {}).error().code, Code::kStorageFull) << "60, 40 and 60";
}

TEST_F(AdmissionTest, NoneIsNoLimit) {
  settings_.user_bytes_max = settings_.total_bytes_max = 0;
  const auto ticket = admission_.Enter("ada", 1'000'000);
  EXPECT_TRUE(admission_.CheckQuota(*ticket, {.user_bytes = 1'000'000, .total_bytes = 1'000'000}));
}

}  // namespace
}  // namespace tidemill::chat
