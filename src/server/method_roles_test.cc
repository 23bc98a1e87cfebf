#include "server/method_roles.h"

#include <gtest/gtest.h>

#include <set>

namespace tidemill::server {
namespace {

TEST(MethodRoles, NamesEachMethodOnce) {
  std::set<std::string_view> names;
  for (const MethodRole& each : MethodRoles()) EXPECT_TRUE(names.insert(each.method).second) << each.method;
}

TEST(MethodRoles, LeaveWhatIsNotInThemClosedToPeople) {
  const auto method = [](JsonName name) {
    return api::Method{.name = name,
                       .effect = api::Effect::kReads,
                       .description = {.summary = "", .params = "{}"},
                       .read = nullptr};
  };
  std::vector<api::Method> methods = {method("publish"), method("nobody_has_decided")};
  SetAdmissions(methods);
  EXPECT_EQ(methods[0].admission, (api::Admission{.least = api::Role::kOperator, .acts = true}));
  EXPECT_FALSE(methods[1].admission);
}

}  // namespace
}  // namespace tidemill::server
