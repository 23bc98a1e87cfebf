#include "queries/live/dependents.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

namespace tidemill::queries::live {
namespace {

class DependentsTest : public ::testing::Test {
 protected:
  CohortPtr Make(std::string name, std::optional<std::string> value) {
    auto cohort = std::make_shared<Cohort>(
        FollowCall{.channel = std::move(name), .question = {}, .starter = {}, .scope = {}}, Milliseconds(10));
    cohort->key_value = std::move(value);
    cohort->footprint = std::make_shared<const Footprint>(
        Footprint{.coverage = {}, .tables = {"members"}, .keyed = {"orders", "part"}, .column = "customer"});
    dependents_.Add(cohort);
    return cohort;
  }
  static std::string Names(const std::vector<CohortPtr>& found) {
    std::vector<std::string> names;
    for (const CohortPtr& each : found) names.push_back(each->call.channel);
    std::ranges::sort(names);
    std::string text;
    for (const std::string& each : names) text += each;
    return text;
  }
  std::string Find(const std::vector<TableChange>& changes) const { return Names(dependents_.Find(changes)); }
  Dependents dependents_;
};

TEST_F(DependentsTest, ChangesMatterToThoseWhoseValuesTheyTouch) {
  const CohortPtr a = Make("a", "7");
  const CohortPtr b = Make("b", "8");
  const CohortPtr c = Make("c", std::nullopt);
  const auto touched = [](std::vector<std::string> values) {
    return std::vector<TouchedColumn>{{.column = "customer", .values = std::move(values)}};
  };
  EXPECT_EQ(Find({{.table = "public.orders", .columns = touched({"7"})}}), "ac");
  EXPECT_EQ(Find({{.table = "public.part", .columns = touched({"8", "9"})}}), "bc");
  EXPECT_EQ(Find({{.table = "public.orders", .columns = touched({})}}), "c");
  EXPECT_EQ(Find({{.table = "public.orders", .columns = {}}}), "abc");
  EXPECT_EQ(Find({{.table = "public.orders", .columns = {{.column = "status", .values = {"7"}}}}}), "abc");
  EXPECT_EQ(Find({{.table = "public.members", .columns = touched({"7"})}}), "abc");
  EXPECT_EQ(Find({{.table = "public.others", .columns = {}}}), "");
  EXPECT_EQ(Names(dependents_.FindUnkeyed(std::vector<std::string>{"orders"})), "c");
  dependents_.Remove(a);
  dependents_.Remove(c);
  EXPECT_EQ(Find({{.table = "public.orders", .columns = {}}}), "b");
  dependents_.Remove(b);
  EXPECT_EQ(Find({{.table = "public.members", .columns = {}}}), "");
  dependents_.Remove(b);
}

}  // namespace
}  // namespace tidemill::queries::live
