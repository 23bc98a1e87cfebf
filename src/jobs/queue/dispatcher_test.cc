#include "jobs/queue/dispatcher.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace tidemill::queue {
namespace {

Entry Job(std::uint64_t id, std::string text = "{}") { return {.id = JobId(id), .text = std::move(text)}; }

// Notes what it gets, and waits again if it is told to.
class Worker final : public Fetcher {
 public:
  void OnJob(QueueId queue, Entry entry) override { got.push_back({queue.value(), entry.id.value()}); }
  std::vector<std::pair<std::uint32_t, std::uint64_t>> got;
};
using Got = std::vector<std::pair<std::uint32_t, std::uint64_t>>;

class DispatcherTest : public ::testing::Test {
 protected:
  std::uint64_t Fetch(std::vector<QueueId> queues) {
    const auto taken = dispatcher_.Fetch(queues);
    return taken ? taken->entry.id.value() : 0;
  }
  void Wait(Worker& worker, std::vector<QueueId> queues) { dispatcher_.Wait(worker, queues); }

  Dispatcher dispatcher_;
  QueueId a_ = dispatcher_.Open("a").value();
  QueueId b_ = dispatcher_.Open("b").value();
};

TEST_F(DispatcherTest, AQueueIsOpenedOnceByItsName) {
  EXPECT_EQ(dispatcher_.Open("a").value(), a_);
  EXPECT_NE(a_, b_);
  EXPECT_EQ(dispatcher_.Name(b_), "b");
}

TEST_F(DispatcherTest, QueuesHaveALimit) {
  Dispatcher dispatcher({.queues_max = 2});
  EXPECT_TRUE(dispatcher.Open("a"));
  EXPECT_TRUE(dispatcher.Open("b"));
  EXPECT_EQ(dispatcher.Open("c").error(), (Error{Errc::kLimitExceeded, "at most 2 queues"}));
  EXPECT_TRUE(dispatcher.Open("a"));
}

TEST_F(DispatcherTest, WhatIsClosedMakesRoom) {
  Dispatcher dispatcher({.queues_max = 2});
  const QueueId a = dispatcher.Open("a").value();
  ASSERT_TRUE(dispatcher.Open("b"));
  dispatcher.Pause(a);
  dispatcher.Close(a);
  EXPECT_FALSE(dispatcher.IsOpen(a));
  EXPECT_EQ(dispatcher.Find("a"), std::nullopt);
  EXPECT_EQ(dispatcher.open(), 1u);
  const QueueId c = dispatcher.Open("c").value();
  EXPECT_EQ(dispatcher.Name(c), "c");
  EXPECT_FALSE(dispatcher.paused(c)) << "nothing is left of the one before";
  EXPECT_TRUE(dispatcher.IsFull());
  EXPECT_FALSE(dispatcher.Open("a"));
}

TEST_F(DispatcherTest, AFetchLooksThroughItsQueuesInTheirOrder) {
  dispatcher_.Push(a_, Job(1), 5);
  dispatcher_.Push(b_, Job(2), 5);
  dispatcher_.Push(b_, Job(3), 9);
  EXPECT_EQ(Fetch({b_, a_}), 3U);
  EXPECT_EQ(Fetch({b_, a_}), 2U);
  EXPECT_EQ(Fetch({b_, a_}), 1U);
  EXPECT_EQ(Fetch({b_, a_}), 0U);
}

TEST_F(DispatcherTest, PrioritiesGoFirstAndTheRestInOrder) {
  int priority = 1;
  for (std::uint64_t id = 1; id <= 18; ++id) dispatcher_.Push(a_, Job(id), priority++ % 9 + 1);
  std::vector<std::uint64_t> order;
  while (const std::uint64_t id = Fetch({a_})) order.push_back(id);
  EXPECT_EQ(order,
            (std::vector<std::uint64_t>{8, 17, 7, 16, 6, 15, 5, 14, 4, 13, 3, 12, 2, 11, 1, 10, 9, 18}));
}

TEST_F(DispatcherTest, WhoWaitsLongestGetsTheJob) {
  Worker one;
  Worker two;
  Wait(one, {a_});
  Wait(two, {b_, a_});
  dispatcher_.Push(a_, Job(1), 5);
  dispatcher_.Push(a_, Job(2), 5);
  dispatcher_.Push(b_, Job(3), 5);
  EXPECT_EQ(one.got, (Got{{a_.value(), 1}}));
  EXPECT_EQ(two.got, (Got{{a_.value(), 2}})) << "its wait for b has ended as well";
  EXPECT_FALSE(one.waiting());
  EXPECT_FALSE(two.waiting());
  EXPECT_EQ(Fetch({b_}), 3U);
}

TEST_F(DispatcherTest, WhoWaitsAgainIsLast) {
  Worker one;
  Worker two;
  Wait(one, {a_});
  Wait(two, {a_});
  Wait(one, {a_});
  dispatcher_.Push(a_, Job(1), 5);
  EXPECT_EQ(two.got.size(), 1U);
  EXPECT_EQ(one.got.size(), 0U);
}

TEST_F(DispatcherTest, AFetcherThatGoesIsNoLongerWaitedFor) {
  Worker two;
  {
    Worker one;
    Wait(one, {a_, b_, a_});
    Wait(two, {a_});
  }
  dispatcher_.Push(a_, Job(1), 5);
  EXPECT_EQ(two.got.size(), 1U);
  Wait(two, {b_});
  two.StopWaiting();
  dispatcher_.Push(b_, Job(2), 5);
  EXPECT_EQ(Fetch({b_}), 2U);
}

TEST_F(DispatcherTest, ADispatcherMayEndBeforeItsFetchers) {
  auto dispatcher = std::make_unique<Dispatcher>();
  const QueueId queue[] = {dispatcher->Open("q").value()};
  Worker worker;
  dispatcher->Wait(worker, queue);
  dispatcher.reset();
  EXPECT_TRUE(worker.waiting());
}

TEST_F(DispatcherTest, WhatIsGivenBackGoesFirst) {
  dispatcher_.Push(a_, Job(1), 5);
  dispatcher_.Push(a_, Job(2), 5);
  auto taken = dispatcher_.Fetch(std::vector{a_});
  dispatcher_.MutableJobs(a_).PushFront(std::move(taken->entry), 5);
  EXPECT_EQ(Fetch({a_}), 1U);
}

TEST_F(DispatcherTest, APausedQueueTakesAndGivesNone) {
  Worker worker;
  dispatcher_.Pause(a_);
  EXPECT_TRUE(dispatcher_.paused(a_));
  Wait(worker, {a_});
  dispatcher_.Push(a_, Job(1), 5);
  dispatcher_.MutableJobs(a_).PushFront(Job(2), 5);
  EXPECT_EQ(Fetch({a_}), 0U);
  EXPECT_FALSE(dispatcher_.Pump(a_, 10));
  EXPECT_EQ(worker.got.size(), 0U);
  dispatcher_.Resume(a_);
  EXPECT_FALSE(dispatcher_.Pump(a_, 10));
  EXPECT_EQ(worker.got, (Got{{a_.value(), 2}}));
  EXPECT_EQ(Fetch({a_}), 1U);
}

TEST_F(DispatcherTest, PumpDoesNoMoreThanItIsAsked) {
  dispatcher_.Pause(a_);
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::uint64_t id = 1; id <= 5; ++id) {
    dispatcher_.Push(a_, Job(id), 5);
    workers.push_back(std::make_unique<Worker>());
    Wait(*workers.back(), {a_});
  }
  dispatcher_.Resume(a_);
  EXPECT_TRUE(dispatcher_.Pump(a_, 2));
  EXPECT_EQ(dispatcher_.Jobs(a_).size(), 3U);
  dispatcher_.Push(a_, Job(6), 9);  // in its place among those that are left
  EXPECT_TRUE(dispatcher_.Pump(a_, 1));
  EXPECT_EQ(workers[2]->got, (Got{{a_.value(), 6}}));
  EXPECT_FALSE(dispatcher_.Pump(a_, 10));
  EXPECT_EQ(dispatcher_.Jobs(a_).size(), 1U);
}

TEST(Ready, OverTheBudgetOnlyIdsAreKept) {
  Ready ready(10);
  for (std::uint64_t id = 1; id <= 4; ++id) ready.PushBack(Job(id, "12345"), 5);
  EXPECT_EQ(ready.text_bytes(), 10U);
  EXPECT_EQ(ready.without_text(), 2U);
  EXPECT_TRUE(ready.Wanted(2).empty());
  const auto wanted = ready.Wanted(3);
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0].id, JobId(3));
  EXPECT_FALSE(ready.Fill(wanted[0], "12345")) << "there is no room yet";
  EXPECT_EQ(ready.Pop(), Job(1, "12345"));
  EXPECT_FALSE(ready.Fill(wanted[0], ""));
  EXPECT_TRUE(ready.Fill(wanted[0], "12345"));
  EXPECT_FALSE(ready.Fill(wanted[0], "12345")) << "it has one now";
  EXPECT_EQ(ready.Pop(), Job(2, "12345"));
  EXPECT_EQ(ready.Pop(), Job(3, "12345"));
  EXPECT_EQ(ready.Pop(), Job(4, ""));
  EXPECT_EQ(ready.text_bytes(), 0U);
  EXPECT_EQ(ready.without_text(), 0U);
  EXPECT_EQ(ready.Pop(), std::nullopt);
}

TEST(Ready, ATextThatIsDroppedGivesItsMemoryBack) {
  Ready ready(100);
  ready.PushBack(Job(1, std::string(1000, 'x')), 5);
  EXPECT_LT(ready.Pop()->text.capacity(), 100U);
}

TEST(Ready, ATextThatComesTooLateIsDropped) {
  Ready ready(5);
  ready.PushBack(Job(1, "12345"), 5);
  ready.PushBack(Job(2, "12345"), 5);
  ready.PushBack(Job(3, "12345"), 9);
  const auto wanted = ready.Wanted(10);
  ASSERT_EQ(wanted.size(), 2U);
  EXPECT_EQ(wanted[0].id, JobId(3));
  EXPECT_EQ(ready.Pop()->id, JobId(3));
  ready.PushFront(Job(4, "12345"), 9);  // at the position that 3 had
  EXPECT_EQ(ready.Pop(), Job(4, ""));
  ready.PushFront(Job(1, ""), 5);
  EXPECT_FALSE(ready.Fill(wanted[0], "x"));
  EXPECT_EQ(ready.Pop()->id, JobId(1));
  EXPECT_EQ(ready.Pop(), Job(1, "12345"));
  EXPECT_TRUE(ready.Fill(wanted[1], "x")) << "jobs that came to the front do not move it";
  EXPECT_EQ(ready.Pop(), Job(2, "x"));
}

TEST(Ready, DropsFromTheEndAndNoMoreThanAsked) {
  Ready ready(1000);
  ready.PushBack(Job(1), 9);
  ready.PushBack(Job(2), 1);
  ready.PushBack(Job(3), 1);
  EXPECT_EQ(ready.Drop(1), 1U);
  EXPECT_EQ(ready.size(), 2U);
  EXPECT_EQ(ready.Drop(5), 2U);
  EXPECT_EQ(ready.Drop(5), 0U);
  EXPECT_EQ(ready.text_bytes(), 0U);
  EXPECT_EQ(ready.Pop(), std::nullopt);
  ready.PushBack(Job(4), 1);
  EXPECT_EQ(ready.Pop()->id, JobId(4));
}

// Against a plain model, from a seed: every job comes out once, in the order of its priority and its coming.
TEST(Ready, IsWhatItSays) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::uint64_t state = seed;
    const auto random = [&state](std::uint64_t below) {
      state = state * 6364136223846793005 + 1442695040888963407;
      return (state >> 33) % below;
    };
    Ready ready(200);
    std::vector<std::vector<std::uint64_t>> model(kPriorityMax + 1);
    std::uint64_t next_id = 1;
    for (int i = 0; i < 2000; ++i) {
      const auto priority = static_cast<std::size_t>(random(kPriorityMax) + 1);
      const std::uint64_t what = random(10);
      if (what < 5) {
        ready.PushBack(Job(next_id, "123456789"), static_cast<int>(priority));
        model[priority].push_back(next_id++);
      } else if (what == 5) {
        ready.PushFront(Job(next_id, "123456789"), static_cast<int>(priority));
        model[priority].insert(model[priority].begin(), next_id++);
      } else if (what == 6) {
        for (const auto& want : ready.Wanted(random(30))) ready.Fill(want, "123456789");
      } else {
        std::size_t best = kPriorityMax;
        while (best > 0 && model[best].empty()) --best;
        const auto entry = ready.Pop();
        ASSERT_EQ(entry.has_value(), best > 0);
        if (!entry) continue;
        ASSERT_EQ(entry->id.value(), model[best].front());
        model[best].erase(model[best].begin());
      }
      ASSERT_LE(ready.text_bytes(), 200U);
      ASSERT_EQ((ready.size() - ready.without_text()) * 9, ready.text_bytes());
    }
  }
}

}  // namespace
}  // namespace tidemill::queue
