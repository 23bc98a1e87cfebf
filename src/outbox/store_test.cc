// store.h as tests, on every backend.
#include "outbox/store.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "outbox/testing/fixture.h"

namespace tidemill::outbox {
namespace {

using testing::Param;
using Data = std::vector<std::string>;

class StoreTest : public testing::OutboxTest {};

INSTANTIATE_TEST_SUITE_P(All, StoreTest, ::testing::ValuesIn(testing::Backends()),
                         [](const ::testing::TestParamInfo<Param>& info) { return info.param.name; });

TEST_P(StoreTest, WhatIsCommittedIsThereAndWhatIsRolledBackIsNot) {
  auto transaction = Begin();
  PublishIn(*transaction, "a", "1");
  ASSERT_TRUE(Await(transaction->Commit()));
  transaction = Begin();
  PublishIn(*transaction, "a", "2");
  RollBack(*transaction);
  transaction.reset();
  Publish("b", "3", "k");
  const std::vector<Entry> entries = Must(store().Load(10, {}));
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].sink, "channel");
  EXPECT_EQ(entries[0].target, "a");
  EXPECT_EQ(entries[0].data, "1");
  EXPECT_EQ(LaneOf(entries[0]), "channel a");
  EXPECT_EQ(LaneOf(entries[1]), "channel k");
  EXPECT_GT(entries[1].created_at.ms, 1'700'000'000'000);
  EXPECT_LT(entries[0].id, entries[1].id);
}

// The lower id commits after the higher one has been read and has left.
TEST_P(StoreTest, ALowerIdThatIsCommittedLaterIsNotLost) {
  if (!backend().is_postgres()) return;  // one writer: ids are in the order of commits
  const std::uint64_t epoch = Must(store().Acquire("n1", Seconds(60)));
  auto early = Begin();
  PublishIn(*early, "a", "1");
  Publish("a", "2");
  std::vector<Entry> entries = Must(store().Load(10, {}));
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].data, "2");
  Must(store().Finish(epoch, {.sent = {entries[0].id}, .refused = {}}));
  const std::int64_t sent = entries[0].id;
  ASSERT_TRUE(Await(early->Commit()));
  entries = Must(store().Load(10, {}));
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].data, "1");
  EXPECT_LT(entries[0].id, sent);
}

TEST_P(StoreTest, TheOldestComeFirstAndHeldLanesNotAtAll) {
  for (int i = 0; i < 6; ++i) Publish(i % 2 == 0 ? "even" : "odd", std::to_string(i));
  EXPECT_EQ(Waiting({}, 4), (Data{"0", "1", "2", "3"}));
  EXPECT_EQ(Waiting({"channel even"}), (Data{"1", "3", "5"}));
  EXPECT_EQ(Waiting({"channel even", "channel odd"}), Data{});
}

TEST_P(StoreTest, LongEntriesComeInParts) {
  const std::string long_one = '"' + std::string(1'000'000, 'x') + '"';
  for (int i = 0; i < 10; ++i) Publish("a", long_one);
  const std::size_t first = Waiting().size();
  EXPECT_GT(first, 6u);
  EXPECT_LT(first, 10u);
}

TEST_P(StoreTest, WhatIsFinishedIsGoneAndWhatIsRefusedIsParkedWithItsReason) {
  const std::uint64_t epoch = Must(store().Acquire("n1", Seconds(60)));
  for (const char* data : {"1", "2", "3"}) Publish("a", data);
  const std::vector<Entry> entries = Must(store().Load(10, {}));
  const Finished finished{.sent = {entries[0].id}, .refused = {{entries[1].id, "no such channel"}}};
  Must(store().Finish(epoch, finished));
  Must(store().Finish(epoch, finished));  // an answer may be lost
  EXPECT_EQ(Waiting(), Data{"3"});
  const std::vector<Parked> parked = Must(store().ListParked(0, 10));
  ASSERT_EQ(parked.size(), 1u);
  EXPECT_EQ(parked[0].entry, entries[1]);
  EXPECT_EQ(parked[0].reason, "no such channel");
  EXPECT_EQ(Must(store().ListParked(entries[1].id, 10)).size(), 0u);

  EXPECT_EQ(Must(store().Retry({entries[1].id, 999})), 1u);
  EXPECT_EQ(Must(store().Load(10, {}))[0], entries[1]) << "as it was, and in its place";
  Must(store().Finish(epoch, {.sent = {}, .refused = {{entries[1].id, "again"}}}));
  EXPECT_EQ(Must(store().Drop({entries[1].id})), 1u);
  EXPECT_EQ(Must(store().ListParked(0, 10)).size(), 0u);
}

TEST_P(StoreTest, OfParkedEntriesOnlyWhatIsShownIsRead) {
  const std::uint64_t epoch = Must(store().Acquire("n1", Seconds(60)));
  for (int i = 0; i < 30; ++i) Publish("a", '"' + std::string(1'000'000, 'x') + '"');
  std::vector<std::int64_t> ids;
  for (std::vector<Entry> entries; !(entries = Must(store().Load(100, {}))).empty();) {
    Finished finished;
    for (const Entry& entry : entries) {
      ids.push_back(entry.id);
      finished.refused.push_back({.id = entry.id, .reason = "x"});
    }
    Must(store().Finish(epoch, std::move(finished)));
  }
  EXPECT_EQ(Must(store().ListParkedIds(0, 1000)), ids);
  EXPECT_EQ(Must(store().ListParkedIds(ids[1], 2)), (std::vector{ids[2], ids[3]}));
  const std::vector<Parked> parked = Must(store().ListParked(0, 1000));
  ASSERT_EQ(parked.size(), 30u) << "all of a page, however long they are";
  EXPECT_EQ(parked[0].entry.data.size(), Store::kDataShown);
  EXPECT_EQ(Must(store().Retry({ids[0]})), 1u);
  EXPECT_EQ(Must(store().Load(1, {}))[0].data.size(), 1'000'002u) << "none is lost of it";
}

TEST_P(StoreTest, OneNodeHasTheLeaseAndAnEarlierEpochFinishesNothing) {
  const auto other = backend().Open();
  const std::uint64_t first = Must(store().Acquire("n1", Seconds(60)));
  EXPECT_EQ(Must(store().Acquire("n1", Seconds(60))), first) << "it goes on";
  EXPECT_EQ(Must(store().FindRelaying()).node, "n1");
  if (backend().is_postgres()) {
    const auto refused = Await(other->Acquire("n2", Seconds(60)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kPermissionDenied);
    EXPECT_EQ(refused.error().detail, "node n1 relays the outbox");
    Must(store().Release());
    EXPECT_EQ(Must(store().FindRelaying()).node, "");
  }
  const std::uint64_t second = Must(other->Acquire("n2", Seconds(60)));
  EXPECT_GT(second, first);
  Publish("a", "1");
  const std::int64_t id = Must(store().Load(10, {}))[0].id;
  const auto late = Await(store().Finish(first, {.sent = {id}, .refused = {}}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::kPermissionDenied);
  EXPECT_EQ(Waiting(), Data{"1"});
  Must(other->Finish(second, {.sent = {id}, .refused = {}}));
  EXPECT_EQ(Waiting(), Data{});
}

TEST_P(StoreTest, MeasuresWhatWaits) {
  Depth depth = Must(store().Measure());
  EXPECT_EQ(depth.waiting, 0u);
  EXPECT_FALSE(depth.oldest);
  for (const char* data : {"1", "2", "3"}) Publish("a", data);
  depth = Must(store().Measure());
  EXPECT_EQ(depth.waiting, 3u);
  EXPECT_EQ(depth.parked, 0u);
  ASSERT_TRUE(depth.oldest);
  EXPECT_GE(depth.now, *depth.oldest);
  EXPECT_TRUE(Must(store().IsDeeperThan(2)));
  EXPECT_FALSE(Must(store().IsDeeperThan(3)));
}

TEST_P(StoreTest, AFullOutboxRefusesByName) {
  const std::uint64_t epoch = Must(store().Acquire("n1", Seconds(60)));
  Publish("a", "1");
  Must(store().Admit(epoch, 2, true));
  const auto refused = Run(backend().PublishSql("a", "2"));
  ASSERT_FALSE(refused);
  EXPECT_NE(
      refused.error().message.find("the outbox is full: as many entries wait as outbox.depth_max allows"),
      std::string::npos)
      << refused.error().message;
  Must(store().Finish(epoch, {.sent = {}, .refused = {{Must(store().Load(1, {}))[0].id, "x"}}}));
  EXPECT_EQ(Must(store().Retry({Must(store().ListParked(0, 1))[0].entry.id})), 1u)
      << "that was let in before";
  Must(store().Admit(epoch, 2, false));
  Publish("a", "2");
  EXPECT_EQ(Waiting(), (Data{"1", "2"}));
}

TEST_P(StoreTest, WithoutARelayNobodyElseCountsSoPublishersDo) {
  if (!backend().is_postgres()) return;
  const std::uint64_t epoch = Must(store().Acquire("n1", Seconds(60)));
  Must(store().Admit(epoch, 2, false));
  for (const char* data : {"1", "2", "3"}) Publish("a", data);
  Must(store().Release());
  EXPECT_FALSE(Run(backend().PublishSql("a", "4")));
  // What was rolled back, or has left, leaves gaps between ids, which are no entries.
  ASSERT_TRUE(Run("delete from tidemill.tidemill_outbox where data = '2'"));
  ASSERT_TRUE(Run("update tidemill.tidemill_outbox_owner set depth_max = 3"));
  EXPECT_TRUE(Run(backend().PublishSql("a", "4")));
  EXPECT_FALSE(Run(backend().PublishSql("a", "5")));
}

}  // namespace
}  // namespace tidemill::outbox
