#include "realtime/status/testing/store_contract.h"

#include <string>
#include <vector>

#include "net/testing/run_task.h"

namespace tidemill::status::testing {
namespace {

using net::testing::RunTask;
using Users = std::vector<std::string>;

}  // namespace

std::string StatusContract::Name(const ::testing::TestParamInfo<Maker>& info) { return info.param.name; }

TEST_P(StatusContract, GivesTheTimesInTheOrderOfTheQuestion) {
  const WallTime now = fixture_->clock().WallNow();
  const std::int64_t seconds = now.ms / 1000;
  ASSERT_TRUE(RunTask(fixture_->loop(), fixture_->store().Note({"a", "b"}, Sign::kActive, now)));
  fixture_->clock().Advance(Seconds(3));
  ASSERT_TRUE(
      RunTask(fixture_->loop(), fixture_->store().Note({"b"}, Sign::kOnline, fixture_->clock().WallNow())));
  const auto got = RunTask(fixture_->loop(), fixture_->other().Get({"b", "unknown", "a"}));
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, (std::vector<UserStatus>{{.user = "b", .active = seconds, .online = seconds + 3},
                                           {.user = "unknown"},
                                           {.user = "a", .active = seconds}}));
}

TEST_P(StatusContract, TimesDoNotGoBack) {
  const WallTime now = fixture_->clock().WallNow();
  ASSERT_TRUE(RunTask(fixture_->loop(), fixture_->store().Note({"a"}, Sign::kActive, now)));
  ASSERT_TRUE(RunTask(fixture_->loop(), fixture_->other().Note({"a"}, Sign::kActive, now + Seconds(-50))));
  const auto got = RunTask(fixture_->loop(), fixture_->store().Get({"a"}));
  ASSERT_TRUE(got);
  EXPECT_EQ((*got)[0].active, now.ms / 1000);
}

TEST_P(StatusContract, AStatusExpires) {
  ASSERT_TRUE(
      RunTask(fixture_->loop(), fixture_->store().Note({"a"}, Sign::kActive, fixture_->clock().WallNow())));
  fixture_->clock().Advance(Seconds(101));
  const auto got = RunTask(fixture_->loop(), fixture_->store().Get({"a"}));
  ASSERT_TRUE(got);
  EXPECT_EQ((*got)[0], (UserStatus{.user = "a"}));
}

TEST_P(StatusContract, DeletesBothTimes) {
  const WallTime now = fixture_->clock().WallNow();
  for (const Sign sign : {Sign::kActive, Sign::kOnline}) {
    ASSERT_TRUE(RunTask(fixture_->loop(), fixture_->store().Note({"a", "b"}, sign, now)));
  }
  ASSERT_TRUE(RunTask(fixture_->loop(), fixture_->other().Delete({"a", "unknown"})));
  const auto got = RunTask(fixture_->loop(), fixture_->store().Get({"a", "b"}));
  ASSERT_TRUE(got);
  EXPECT_EQ((*got)[0], (UserStatus{.user = "a"}));
  EXPECT_EQ((*got)[1].online, now.ms / 1000);
}

TEST_P(StatusContract, ManyAreNotedAndOverTheLimitTheOldestAreForgotten) {
  Users users;
  for (std::size_t i = 0; i < 3 * kContractLimits.users_max; ++i) users.push_back("u" + std::to_string(i));
  ASSERT_TRUE(
      RunTask(fixture_->loop(), fixture_->store().Note(users, Sign::kOnline, fixture_->clock().WallNow())));
  const Users late = {"late1", "late2"};
  fixture_->clock().Advance(Seconds(1));
  ASSERT_TRUE(
      RunTask(fixture_->loop(), fixture_->store().Note(late, Sign::kOnline, fixture_->clock().WallNow())));
  users.insert(users.end(), late.begin(), late.end());
  const auto got = RunTask(fixture_->loop(), fixture_->store().Get(users));
  ASSERT_TRUE(got);
  std::size_t known = 0;
  for (const UserStatus& status : *got) known += status.online != 0 ? 1 : 0;
  EXPECT_LE(known, kContractLimits.users_max + 32) << "the limit is shared out over parts";
  EXPECT_GE(known, kContractLimits.users_max / 2);
  EXPECT_NE(got->back().online, 0) << "the newest stay";
}

}  // namespace tidemill::status::testing
