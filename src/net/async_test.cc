#include "net/async.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "net/task_scope.h"
#include "net/testing/harness.h"

namespace tidemill::net {
namespace {

using testing::OpenLoop;
using testing::RunTurns;
using testing::RunUntil;

Task<int> Double(Loop& loop, int value) {
  co_await Sleep(loop, Seconds(1));
  co_return 2 * value;
}

Task<void> SumOfDoubles(Loop& loop, std::shared_ptr<int> sum) {
  for (int i = 1; i <= 3; ++i) *sum += co_await Double(loop, i);
}

TEST(Sleep, ResumesAtItsTimeThroughNestedTasks) {
  ManualClock clock;
  const auto loop = OpenLoop({.clock = &clock});
  const auto sum = std::make_shared<int>(0);
  TaskScope scope;
  scope.Spawn(SumOfDoubles(*loop, sum));
  RunTurns(*loop);
  EXPECT_EQ(*sum, 0);
  for (const int want : {2, 6, 12}) {
    EXPECT_EQ(scope.running(), 1u);
    clock.Advance(Milliseconds(1020));
    RunTurns(*loop);
    EXPECT_EQ(*sum, want);
  }
  EXPECT_EQ(scope.running(), 0u);
  EXPECT_EQ(sum.use_count(), 1);
}

TEST(TaskScope, DestroysSuspendedTasksWithAllTheyAwait) {
  ManualClock clock;
  const auto loop = OpenLoop({.clock = &clock});
  const auto sum = std::make_shared<int>(0);
  {
    TaskScope scope;
    for (int i = 0; i < 100; ++i) scope.Spawn(SumOfDoubles(*loop, sum));
    EXPECT_EQ(scope.running(), 100u);
    EXPECT_EQ(sum.use_count(), 101);
  }
  EXPECT_EQ(sum.use_count(), 1);
  clock.Advance(Seconds(10));
  RunTurns(*loop);
  EXPECT_EQ(*sum, 0);
}

Task<void> Endless(Loop& loop) {
  for (;;) co_await Sleep(loop, Milliseconds(10));
}

Task<void> Finish(Loop& loop) { co_await Sleep(loop, Milliseconds(10)); }

TEST(TaskScope, TasksEndInAnyOrder) {
  ManualClock clock;
  const auto loop = OpenLoop({.clock = &clock});
  TaskScope scope;
  scope.Spawn(Endless(*loop));
  scope.Spawn(Finish(*loop));
  scope.Spawn(Endless(*loop));
  scope.Spawn(Finish(*loop));
  clock.Advance(Milliseconds(50));
  RunTurns(*loop);
  EXPECT_EQ(scope.running(), 2u);
}

Task<int> CountDown(int from) {
  if (from == 0) co_return 0;
  co_return 1 + co_await CountDown(from - 1);
}

Task<void> Loops(int times, int& sum) {
  for (int i = 0; i < times; ++i) sum += co_await CountDown(1);
}

TEST(Task, AwaitingReadyTasksInALoopCostsNoStack) {
  int sum = 0;
  TaskScope scope;
  scope.Spawn(Loops(200'000, sum));
  EXPECT_EQ(sum, 200'000);
}

Task<void> Ask(Reply<int>& reply, std::string& log) { log += std::to_string(co_await reply) + ' '; }

TEST(Reply, TheAwaiterResumesBeforeLaterMessages) {
  const auto asking = OpenLoop();
  const auto answering = OpenLoop();
  std::string log;
  Reply<int> reply(*asking);
  TaskScope scope;
  scope.Spawn(Ask(reply, log));
  answering->Post([&, sender = reply.sender()] {
    sender.Send(42);
    asking->Post([&log] { log += "later"; });
  });
  RunTurns(*answering);
  EXPECT_EQ(log, "");
  RunTurns(*asking);
  EXPECT_EQ(log, "42 later");
}

TEST(Reply, AnAnswerThatCameFirstIsKept) {
  const auto loop = OpenLoop();
  std::string log;
  Reply<int> reply(*loop);
  reply.sender().Send(7);
  RunTurns(*loop);
  TaskScope scope;
  scope.Spawn(Ask(reply, log));
  EXPECT_EQ(log, "7 ");
}

Task<void> AskAlone(Loop& loop, std::optional<Reply<int>::Sender>& sender, std::shared_ptr<int> token) {
  Reply<int> reply(loop);
  sender = reply.sender();
  *token = co_await reply;
}

TEST(Reply, ALateAnswerToADestroyedTaskIsDropped) {
  const auto loop = OpenLoop();
  const auto token = std::make_shared<int>(0);
  std::optional<Reply<int>::Sender> sender;
  {
    TaskScope scope;
    scope.Spawn(AskAlone(*loop, sender, token));
  }
  EXPECT_EQ(token.use_count(), 1);
  sender->Send(1);
  RunTurns(*loop);
  EXPECT_EQ(*token, 0);
}

TEST(Reply, AnAnswerThatNobodyTookIsNotKept) {
  const auto loop = OpenLoop();
  const auto answer = std::make_shared<int>(42);
  for (const bool came_first : {true, false}) {
    auto reply = std::make_unique<Reply<std::shared_ptr<int>>>(*loop);
    const auto sender = reply->sender();
    if (came_first) sender.Send(answer);
    RunTurns(*loop, 2);
    reply.reset();
    if (!came_first) sender.Send(answer);
    RunTurns(*loop, 2);
    EXPECT_EQ(answer.use_count(), 1) << came_first;
  }
}

TEST(Reply, CrossesThreads) {
  const auto asking = OpenLoop();
  std::string log;
  Reply<int> reply(*asking);
  TaskScope scope;
  scope.Spawn(Ask(reply, log));
  const std::jthread other([sender = reply.sender()] { sender.Send(3); });
  EXPECT_TRUE(RunUntil(*asking, [&] { return log == "3 "; }));
}

using Addresses = Result<std::vector<SocketAddress>>;

Task<void> ResolveInto(Loop& loop, std::string host, std::optional<Addresses>& result) {
  result = co_await Resolve(loop, std::move(host), 80);
}

TEST(Resolve, AnIpAddressIsItsOwnAnswer) {
  const auto loop = OpenLoop();
  std::optional<Addresses> result;
  TaskScope scope;
  scope.Spawn(ResolveInto(*loop, "10.1.2.3", result));
  ASSERT_TRUE(result && *result);
  ASSERT_EQ((*result)->size(), 1u);
  EXPECT_EQ((**result)[0].ToString(), "10.1.2.3:80");
}

TEST(Resolve, NamesAreAskedOfTheSystem) {
  const auto loop = OpenLoop();
  std::optional<Addresses> result;
  TaskScope scope;
  scope.Spawn(ResolveInto(*loop, "localhost", result));
  ASSERT_TRUE(RunUntil(*loop, [&] { return result.has_value(); }));
  ASSERT_TRUE(*result) << result->error().detail;
  for (const SocketAddress& address : **result) {
    EXPECT_TRUE(address.ip.IsLoopback()) << address.ToString();
    EXPECT_EQ(address.port, 80);
  }
}

TEST(Resolve, AnUnusableNameIsAnError) {
  const auto loop = OpenLoop();
  std::optional<Addresses> result;
  TaskScope scope;
  scope.Spawn(ResolveInto(*loop, "not a name", result));
  ASSERT_TRUE(RunUntil(*loop, [&] { return result.has_value(); }));
  EXPECT_FALSE(*result);
}

Task<void> WorkThenNote(Loop& loop, std::atomic<int>& worked, bool& resumed) {
  co_await RunBlocking(loop, [&worked] { ++worked; });
  resumed = true;
}

TEST(RunBlocking, ResumesOnTheLoopWhenTheWorkIsDone) {
  const auto loop = OpenLoop();
  std::atomic<int> worked = 0;
  TaskScope scope;
  for (int i = 0; i < 20; ++i) {  // each round submits to a libuv that sleeps in the loop's wait
    bool resumed = false;
    scope.Spawn(WorkThenNote(*loop, worked, resumed));
    EXPECT_FALSE(resumed);
    ASSERT_TRUE(RunUntil(*loop, [&] { return resumed; }));
  }
  EXPECT_EQ(worked, 20);
}

TEST(RunBlocking, LoopAndWaiterMayEndBeforeTheWork) {
  std::atomic<int> worked = 0;
  bool resumed = false;
  {
    const auto loop = OpenLoop();
    TaskScope scope;
    for (int i = 0; i < 50; ++i) scope.Spawn(WorkThenNote(*loop, worked, resumed));
  }
  EXPECT_FALSE(resumed);
  EXPECT_EQ(worked, 50);
}

}  // namespace
}  // namespace tidemill::net
