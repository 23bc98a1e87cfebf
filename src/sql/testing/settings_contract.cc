#include "sql/testing/settings_contract.h"

namespace tidemill::sql::testing {
namespace {

constexpr const char* kGuest = "tidemill_contract_settings_guest";
constexpr const char* kClaims = R"({"sub":"'; drop"})";
constexpr const char* kShow =
    "select current_user::text, current_setting('request.jwt.claims', true), $1::text";
constexpr const char* kShowAfter =
    "select current_user = session_user, coalesce(current_setting('request.jwt.claims', true), '')";

std::string TextOf(const Rows& rows) {
  std::string text;
  for (std::size_t i = 0; i < rows[0].size(); ++i) text += std::string(rows[0][i].text) + "|";
  return text;
}

}  // namespace

std::string SettingsContract::Name(const ParamInfo& info) { return info.param.name; }

Call SettingsContract::Show(Access access) {
  Must(
      "do $$ begin create role tidemill_contract_settings_guest; exception when duplicate_object then null; "
      "end $$");
  Call call = Of(kShow, {"it's"}, access);
  call.settings =
      std::make_shared<const LocalSettings>(LocalSettings{{"role", kGuest}, {"request.jwt.claims", kClaims}});
  return call;
}

void SettingsContract::ExpectSet(const Rows& rows) {
  EXPECT_EQ(TextOf(rows), std::string(kGuest) + "|" + kClaims + "|it's|");
}

void SettingsContract::ExpectNothingLeft() {
  for (int i = 0; i < 20; ++i) {
    const auto after = Run(kShowAfter);
    ASSERT_TRUE(after);
    EXPECT_EQ(TextOf(after->rows), "t||");
  }
}

// A united build links all suites into each test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SettingsContract);

TEST_P(SettingsContract, HoldForOneCallAndItsTransaction) {
  for (const Access access : {Access::kRead, Access::kWrite}) {
    const auto one = Await(database().Run(Show(access)));
    ASSERT_TRUE(one) << one.error().message;
    ExpectSet(one->rows);
  }
  const auto all = Await(database().RunAll({Show(), Of("select current_user::text", {}, Access::kRead)}));
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 2u);
  ExpectSet((*all)[0].rows);
  EXPECT_EQ(TextOf((*all)[1].rows), std::string(kGuest) + "|");
  ExpectNothingLeft();
}

TEST_P(SettingsContract, HoldForStreamsAndTransactions) {
  auto stream = Await(database().Stream(Show()));
  ASSERT_TRUE(stream) << stream.error().message;
  const auto rows = Await((*stream)->Next());
  ASSERT_TRUE(rows && *rows);
  ExpectSet(**rows);
  stream->reset();
  auto transaction = Await(database().Begin({}));
  ASSERT_TRUE(transaction);
  const auto first = Await((*transaction)->Run(Show()));
  ASSERT_TRUE(first) << first.error().message;
  ExpectSet(first->rows);
  const auto second = Await((*transaction)->Run(Of("select current_user::text")));
  ASSERT_TRUE(second);
  EXPECT_EQ(TextOf(second->rows), std::string(kGuest) + "|");
  ASSERT_TRUE(Await((*transaction)->Commit()));
  transaction->reset();
  ExpectNothingLeft();
}

TEST_P(SettingsContract, WhatMayNotBeSetFailsTheCall) {
  Call call = Show();
  call.settings = std::make_shared<const LocalSettings>(LocalSettings{{"role", "nobody_of_this_name"}});
  const auto result = Await(database().Run(std::move(call)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "22023");
  ExpectNothingLeft();
}

}  // namespace tidemill::sql::testing
