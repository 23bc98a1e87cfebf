#include "sql/testing/roles_contract.h"

namespace tidemill::sql::testing {

std::string RolesContract::Name(const ParamInfo& info) { return info.param.name; }

// A united build links all suites into each test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RolesContract);

TEST_P(RolesContract, WhoMayNotIsTold) {
  CreateNumbers();
  Must("do $$ begin create role tidemill_contract_guest; exception when duplicate_object then null; end $$");
  const auto result = Await(database().RunAll([&] {
    std::vector<Call> calls;
    calls.push_back(Of("set local role tidemill_contract_guest"));
    calls.push_back(Of("select n from numbers"));
    return calls;
  }()));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, FailureKind::kPermissionDenied);
  EXPECT_EQ(result.error().code, "42501");
  for (int i = 0; i < 20; ++i)
    EXPECT_TRUE(Run("select n from numbers")) << "the role ends with its transaction";
}

}  // namespace tidemill::sql::testing
