#include "base/intrusive_list.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

namespace tidemill {
namespace {

struct ByName;
struct Item : ListLink<Item>, ListLink<ByName> {
  explicit Item(int n) : number(n) {}
  int number;
};
using Items = IntrusiveList<Item>;

std::vector<int> Numbers(const Items& items) {
  std::vector<int> numbers;
  for (const Item& item : items) numbers.push_back(item.number);
  return numbers;
}

TEST(IntrusiveList, TheNewestComesFirst) {
  Items items;
  EXPECT_TRUE(items.empty());
  EXPECT_EQ(items.front(), nullptr);
  Item one(1), two(2), three(3);
  for (Item* item : {&one, &two, &three}) items.PushFront(*item);
  EXPECT_EQ(Numbers(items), (std::vector{3, 2, 1}));
  EXPECT_EQ(items.front(), &three);
}

TEST(IntrusiveList, AnElementLeavesFromAnyPlaceAndMayComeBack) {
  for (const int leaving : {0, 1, 2}) {
    Items items;
    std::vector<std::unique_ptr<Item>> all;
    for (const int number : {0, 1, 2}) items.PushFront(*all.emplace_back(std::make_unique<Item>(number)));
    Item& item = *all[static_cast<std::size_t>(leaving)];
    Items::Remove(item);
    Items::Remove(item);  // again does nothing
    EXPECT_FALSE(Items::IsListed(item));
    EXPECT_EQ(Numbers(items).size(), 2u);
    items.PushFront(item);
    EXPECT_EQ(items.front(), &item);
    EXPECT_EQ(Numbers(items).size(), 3u);
  }
}

TEST(IntrusiveList, ADestroyedElementLeaves) {
  Items items;
  Item one(1);
  items.PushFront(one);
  {
    Item two(2);
    items.PushFront(two);
  }
  EXPECT_EQ(Numbers(items), (std::vector{1}));
}

TEST(IntrusiveList, ADestroyedListLeavesItsElementsUnlinked) {
  Item one(1), two(2);
  {
    Items items;
    items.PushFront(one);
    items.PushFront(two);
  }
  EXPECT_FALSE(Items::IsListed(one));
  EXPECT_FALSE(Items::IsListed(two));
}

TEST(IntrusiveList, TheElementAtHandMayEndWhileTheListIsWalked) {
  Items items;
  std::vector<std::optional<Item>> all(5);
  for (int number = 0; number < 5; ++number) {
    items.PushFront(all[static_cast<std::size_t>(number)].emplace(number));
  }
  for (const Item& item : items) {
    if (item.number % 2 == 0) all[static_cast<std::size_t>(item.number)].reset();
  }
  EXPECT_EQ(Numbers(items), (std::vector{3, 1}));
}

TEST(IntrusiveList, AnElementMayBeInOneListOfEachTag) {
  Items items;
  IntrusiveList<Item, ByName> named;
  Item one(1);
  items.PushFront(one);
  named.PushFront(one);
  Items::Remove(one);
  EXPECT_TRUE(items.empty());
  EXPECT_EQ(named.front(), &one);
}

TEST(IntrusiveListDeathTest, RefusesAnElementThatIsInAList) {
  Items items;
  Item one(1);
  items.PushFront(one);
  EXPECT_DEATH(items.PushFront(one), "assertion failed");
}

}  // namespace
}  // namespace tidemill
