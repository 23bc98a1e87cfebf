// When a flush begins: at once, when the one before is committed, or when the turns bring nothing more.
#include "jobs/engine/flusher.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/store/testing/memory_store.h"

namespace tidemill::jobs {
namespace {

class FlusherTest : public ::testing::Test, private FlushOwner {
 protected:
  FlusherTest() {
    now = 1'000'000;
    scope_.Spawn(Begin(*this));
    Turns(20);
  }

  void Turns(int count) {
    for (int i = 0; i < count; ++i) loop->RunOnce(Duration{0});
  }
  StoredJob Row() {
    const std::string jid = "jid-" + std::to_string(++last_id_);
    return {.id = JobId(last_id_), .jid = jid, .queue = "q", .type = "T", .text = "{}"};
  }
  void Put() { flusher.Gather().Insert(Row()); }
  void PushRow() {
    PushedJob push;
    push.row.job = Row();
    flusher.Gather().Push(std::move(push));
  }
  // A commit that took so long, of one row.
  void CommitIn(net::Micros micros) {
    store.HoldCommits();
    Put();
    Turns(5);
    ASSERT_EQ(store.held_commits(), 1u);
    now += micros;
    store.ReleaseCommits();
    Turns(5);
    store.HoldCommits();
  }

  void Push(std::string key) {
    PushedJob push;
    push.row.job = {.id = JobId(++last_id_), .jid = "jid", .queue = "q", .type = "T", .text = "{}"};
    push.pushed.lock_key = key;
    Gathering& gathering = flusher.Gather();
    gathering.Put({.kind = "lock", .key = std::move(key), .value = "1", .expires_at = {}});
    gathering.Push(std::move(push));
  }

  static inline net::Micros now = 0;
  std::vector<JobId> dropped;
  std::unique_ptr<net::Loop> loop = *net::Loop::Open({});
  testing::MemoryStore store{*loop};
  EngineOptions options;
  Flusher flusher{*loop, store, *this, options, [] { return now; }};

 private:
  static Task<void> Begin(FlusherTest& self) {
    const auto lease = co_await self.store.Acquire({.node = "a", .address = ""});
    self.flusher.Begin(*lease);
  }
  void BeforeFlush(Gathering&) override {}
  void OnArrived(PushedJob&&) override {}
  void OnDropped(const PushedJob& job, KeptGatherings kept) override {
    dropped.push_back(job.row.job.id);
    if (job.pushed.lock_key.empty()) return;
    kept.front()->Remove(RecordKey{.kind = "lock", .key = job.pushed.lock_key});
  }
  void OnFenced() override {}
  bool OnRefused(const Error&) override { return false; }

  std::uint64_t last_id_ = 0;
  TaskScope scope_;
};

TEST_F(FlusherTest, WaitsForTheNextTurnOnlyWhileTurnsAddToIt) {
  CommitIn(1000);
  for (int i = 0; i < 3; ++i) {
    Put();
    Turns(1);
    EXPECT_EQ(store.held_commits(), 0u);
  }
  Turns(2);  // which bring nothing
  ASSERT_EQ(store.held_commits(), 1u);
  store.ReleaseCommits();
  Turns(3);
  EXPECT_EQ(store.flushes().back()->ready.size(), 3u);
}

TEST_F(FlusherTest, WaitsNoLongerThanHalfACommit) {
  CommitIn(600);
  Put();
  Turns(1);
  now += 299;
  Put();
  Turns(1);
  EXPECT_EQ(store.held_commits(), 0u);
  now += 1;
  Put();
  Turns(2);
  EXPECT_EQ(store.held_commits(), 1u);
}

TEST_F(FlusherTest, WaitsNoLongerThanItsLimitHoweverSlowCommitsAre) {
  CommitIn(50'000);
  Put();
  Turns(1);
  now += Flusher::kGatherMost;
  Put();
  Turns(2);
  EXPECT_EQ(store.held_commits(), 1u);
}

TEST_F(FlusherTest, ManyRowsDoNotWait) {
  CommitIn(1000);
  for (std::size_t i = 0; i < Flusher::kRowsEnough; ++i) Put();
  Turns(2);
  EXPECT_EQ(store.held_commits(), 1u);
}

TEST_F(FlusherTest, AFailedCommitDropsAllPushesAndKeepsTheRestInItsFlushes) {
  options.flush_rows_max = 4;
  CommitIn(1000);
  store.FailCommits(1, {.code = Errc::kLimitExceeded, .detail = "disk full"});
  for (int i = 0; i < 6; ++i) {
    Put();
    Push("key-" + std::to_string(i));
    if (i == 0) Turns(3);  // the first flush is under way
  }
  store.ReleaseCommits();
  for (int i = 0; i < 1000 && flusher.unflushed_rows() > 0; ++i) loop->RunOnce(Milliseconds(1));
  EXPECT_EQ(dropped.size(), 6u);
  std::size_t rows = 0;
  for (const auto& flush : store.flushes()) {
    rows += flush->ready.size();
    EXPECT_LE(flush->ready.size(), 4u);
    EXPECT_TRUE(flush->records.empty()) << "the lock of a push that nobody has";
  }
  EXPECT_EQ(rows, 7u);  // with that of CommitIn
  EXPECT_TRUE(store.bugs().empty());
}

// Of the first flush nothing is left but who waits for it; the second has rows, and nobody who waits.
TEST_F(FlusherTest, WhoWaitsForAFlushThatIsEmptyNowIsToldAndTheNextOneGoes) {
  options.flush_rows_max = 1;
  CommitIn(1000);
  const std::uint64_t commits = flusher.commits();
  store.FailCommits(1, {.code = Errc::kLimitExceeded, .detail = "disk full"});
  PushRow();
  Turns(3);
  flusher.Gather(Flusher::Answers::kAtOnce).Insert(Row());
  store.ReleaseCommits();
  Turns(5);
  ASSERT_EQ(dropped.size(), 1u);
  std::optional<Result<>> told;
  TaskScope scope;
  scope.Spawn([](Flusher& flusher, std::optional<Result<>>& out) -> Task<void> {
    out = co_await CommitOf(flusher);
  }(flusher, told));
  for (int i = 0; i < 200 && flusher.commits() == commits; ++i) loop->RunOnce(Milliseconds(1));
  Turns(5);
  ASSERT_TRUE(told);
  EXPECT_TRUE(*told);
  EXPECT_EQ(flusher.commits(), commits + 1);
  EXPECT_TRUE(store.bugs().empty());
}

TEST_F(FlusherTest, HeldItEndsWhatIsUnderWayAndBeginsNothingUntilItGoesOn) {
  struct Waiter final : CommitWaiter {
    void OnCommit(const Result<>& result) override { told = result; }
    std::optional<Result<>> told;
  } waiter;
  CommitIn(1000);
  const std::uint64_t commits = flusher.commits();
  flusher.Gather(Flusher::Answers::kAtOnce).Insert(Row());
  Turns(5);
  ASSERT_EQ(store.held_commits(), 1u);
  flusher.Hold();
  flusher.WaitForFlight(waiter);
  Put();
  Turns(5);
  EXPECT_FALSE(waiter.told);
  store.ReleaseCommits();
  Turns(5);
  ASSERT_TRUE(waiter.told);
  EXPECT_TRUE(*waiter.told);
  EXPECT_EQ(flusher.commits(), commits + 1);
  waiter.told.reset();
  flusher.WaitForFlight(waiter);  // there is none
  Turns(5);
  EXPECT_TRUE(waiter.told);
  EXPECT_EQ(flusher.unflushed_rows(), 1u);
  flusher.GoOn();
  Turns(5);
  EXPECT_EQ(flusher.commits(), commits + 2);
}

}  // namespace
}  // namespace tidemill::jobs
