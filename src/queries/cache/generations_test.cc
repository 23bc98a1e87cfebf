#include "queries/cache/generations.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::queries {
namespace {

using Names = std::vector<std::string>;

TEST(Generations, EndWhatDependsOnTheName) {
  struct Case {
    Names depends;
    Names bumped;
    bool ends;
  };
  const Case cases[] = {
      {{"orders"}, {"orders"}, true},
      {{"orders"}, {"customers"}, false},
      {{"orders", "customers"}, {"customers"}, true},
      {{"orders"}, {"customers", "orders"}, true},
      {{"orders"}, {}, false},
      {{}, {"orders"}, false},
      {{"public.orders"}, {"orders"}, true},
      {{"orders"}, {"public.orders"}, true},
      {{"Orders"}, {"public.ORDERS"}, true},
      {{"orders"}, {"*"}, true},
      {{}, {"*"}, true},
      {{"shop.orders"}, {"public.orders"}, true},  // never wrong: a query more
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(::testing::PrintToString(c.depends) + " " + ::testing::PrintToString(c.bumped));
    Generations generations;
    const auto dependencies = generations.Depend(c.depends);
    const SeenGenerations seen = dependencies->Read();
    EXPECT_TRUE(dependencies->AreAt(seen));
    generations.Bump(c.bumped);
    EXPECT_EQ(dependencies->AreAt(seen), !c.ends);
    EXPECT_TRUE(dependencies->AreAt(dependencies->Read()));
  }
}

TEST(Generations, BumpAllEndsEverything) {
  Generations generations;
  const auto none = generations.Depend(Names{});
  const auto some = generations.Depend(Names{"orders"});
  const SeenGenerations seen_none = none->Read();
  const SeenGenerations seen_some = some->Read();
  generations.BumpAll();
  EXPECT_FALSE(none->AreAt(seen_none));
  EXPECT_FALSE(some->AreAt(seen_some));
}

TEST(Generations, NamesAreKeptOnceAndSorted) {
  Generations generations;
  EXPECT_EQ(generations.Depend(Names{"b", "a", "x.B"})->names(), (Names{"a", "b"}));
}

TEST(Generations, NamesBeyondTheLimitAreOne) {
  Generations generations;
  for (std::size_t i = 0; i < Generations::kNamesMax; ++i) generations.Depend(Names{"t" + std::to_string(i)});
  const auto known = generations.Depend(Names{"t5"});
  const auto late = generations.Depend(Names{"late"});
  const SeenGenerations seen_known = known->Read();
  const SeenGenerations seen_late = late->Read();
  generations.Bump(Names{"later"});
  EXPECT_TRUE(known->AreAt(seen_known));
  EXPECT_FALSE(late->AreAt(seen_late));
}

}  // namespace
}  // namespace tidemill::queries
