#include "jobs/engine/later.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::jobs {
namespace {

constexpr WallTime kNow{1'000'000};

LaterItem Item(std::uint64_t id, std::int64_t in_ms) {
  return {.id = JobId(id), .run_at = kNow + Milliseconds(in_ms), .text = "text"};
}

std::vector<std::uint64_t> TakeAll(Later& later, Duration in) {
  std::vector<std::uint64_t> ids;
  while (auto item = later.TakeDue(kNow + in)) ids.push_back(item->id.value());
  return ids;
}

TEST(Later, GivesWhatIsDueInItsOrder) {
  Later later(100, 1000);
  later.Add(Item(1, 300), kNow);
  later.Add(Item(2, 100), kNow);
  later.Add(Item(3, 200), kNow);
  EXPECT_EQ(later.NextAt(), kNow + Milliseconds(100));
  EXPECT_EQ(TakeAll(later, Milliseconds(99)), std::vector<std::uint64_t>());
  EXPECT_EQ(TakeAll(later, Milliseconds(200)), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_TRUE(later.Remove(JobId(1)));
  EXPECT_FALSE(later.Remove(JobId(1)));
  EXPECT_EQ(later.NextAt(), std::nullopt);
  EXPECT_EQ(later.text_bytes(), 0u);
}

TEST(Later, KeepsTextsOfWhatIsDueSoonWithinItsBudget) {
  Later later(100, 10);
  later.Add(Item(1, 1000), kNow);
  later.Add(Item(2, 2000), kNow);
  later.Add(Item(3, 3000), kNow);       // no room
  later.Add(Item(4, 3'600'000), kNow);  // not soon
  EXPECT_EQ(later.text_bytes(), 8u);
  EXPECT_EQ(later.WithoutText(kNow + Seconds(10), 10), std::vector<JobId>{JobId(3)});
  EXPECT_FALSE(later.SetText(JobId(3), "text"));
  later.Remove(JobId(1));
  EXPECT_TRUE(later.SetText(JobId(3), "text"));
  LaterItem in_memory = Item(5, 3'600'000);
  in_memory.in_memory = true;
  later.Add(in_memory, kNow);
  EXPECT_EQ(later.Find(JobId(5))->text, "text");  // nobody else has it
}

TEST(Later, TooManyAreLeftToTheStoreAndComeBackInPages) {
  Later later(10, 1000);
  for (std::uint64_t id = 1; id <= 21; ++id) later.Add(Item(id, static_cast<std::int64_t>(id)), kNow);
  EXPECT_EQ(later.size(), 10u);
  EXPECT_FALSE(later.is_complete());
  EXPECT_EQ(later.horizon().id, JobId(10));
  later.Add(Item(30, 30), kNow);  // behind the horizon
  EXPECT_EQ(later.size(), 10u);
  EXPECT_EQ(TakeAll(later, Milliseconds(7)).size(), 7u);
  EXPECT_TRUE(later.WantsPage());
  later.BeginPage();
  later.Add(Item(31, 31), kNow);  // perhaps not in the page
  std::vector<LaterItem> page;
  for (std::uint64_t id = 11; id <= 21; ++id) page.push_back(Item(id, static_cast<std::int64_t>(id)));
  page.push_back(Item(30, 30));
  page.push_back(Item(31, 31));
  later.EndPage(std::move(page), std::nullopt, kNow);
  EXPECT_TRUE(later.is_complete());
  EXPECT_EQ(TakeAll(later, Milliseconds(100)).size(), 16u);
}

TEST(Later, ShiftsRetriesAndNothingElse) {
  Later later(100, 1000);
  later.Add(Item(1, 1000), kNow);
  LaterItem retry = Item(2, 2000);
  retry.wait = Wait::kRetry;
  later.Add(retry, kNow);
  later.ShiftRetries(Milliseconds(-1500));
  EXPECT_EQ(TakeAll(later, Milliseconds(600)), std::vector<std::uint64_t>{2});
}

// The store is away: what is due comes again later, and stands where it stood in the store.
TEST(Later, WhatIsReturnedIsKept) {
  Later later(10, 0);
  for (std::uint64_t id = 1; id <= 21; ++id) later.Add(Item(id, static_cast<std::int64_t>(id)), kNow);
  std::vector<LaterItem> taken;
  while (auto item = later.TakeDue(kNow + Seconds(1))) taken.push_back(*std::move(item));
  ASSERT_EQ(taken.size(), 10u);
  for (LaterItem& item : taken) later.Return(std::move(item), kNow + Seconds(2));
  EXPECT_EQ(later.size(), 10u);
  EXPECT_EQ(TakeAll(later, Seconds(1)).size(), 0u);
  EXPECT_EQ(TakeAll(later, Seconds(2)).size(), 10u);
}

TEST(Later, WhatIsLeftToTheStoreIsBehindItsHorizonThere) {
  Later later(10, 0);
  for (std::uint64_t id = 1; id <= 20; ++id) {
    LaterItem retry = Item(id, static_cast<std::int64_t>(id));
    retry.wait = id <= 10 ? Wait::kRetry : Wait::kScheduled;
    later.Add(std::move(retry), kNow);
  }
  later.ShiftRetries(Seconds(1));
  later.Add(Item(21, 21), kNow);  // now there are too many
  EXPECT_EQ(later.horizon().id, JobId(10));
  EXPECT_EQ(TakeAll(later, Seconds(2)), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

}  // namespace
}  // namespace tidemill::jobs
