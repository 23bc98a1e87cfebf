#include "net/mailbox.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "net/socket.h"
#include "net/testing/harness.h"

namespace tidemill::net {
namespace {

template <class F>
void Post(Mailbox& mailbox, F function) {
  mailbox.Post(std::make_unique<FunctionMessage<F>>(std::move(function)));
  mailbox.Wake();
}

class MailboxTest : public ::testing::Test {
 protected:
  bool TakeWake() {
    eventfd_t count = 0;
    return eventfd_read(wake_.get(), &count) == 0;
  }

  Fd wake_{eventfd(0, EFD_NONBLOCK)};
  Mailbox mailbox_{wake_.get()};
};

TEST_F(MailboxTest, RunsInTheOrderOfPosting) {
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) Post(mailbox_, [&order, i] { order.push_back(i); });
  EXPECT_EQ(mailbox_.depth(), 5u);
  EXPECT_EQ(mailbox_.Drain(), 5u);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(mailbox_.depth(), 0u);
}

TEST_F(MailboxTest, WakesOnceAnOwnerThatSleeps) {
  EXPECT_TRUE(mailbox_.BeginSleep());
  Post(mailbox_, [] {});
  EXPECT_TRUE(TakeWake());
  Post(mailbox_, [] {});
  EXPECT_FALSE(TakeWake());
  mailbox_.EndSleep();
  mailbox_.Drain();
  Post(mailbox_, [] {});
  EXPECT_FALSE(TakeWake());
  mailbox_.Drain();
  EXPECT_TRUE(mailbox_.BeginSleep());
  Post(mailbox_, [] {});
  EXPECT_TRUE(TakeWake());
}

TEST_F(MailboxTest, NobodySleepsOverAMessage) {
  Post(mailbox_, [] {});
  EXPECT_FALSE(mailbox_.BeginSleep());
  Post(mailbox_, [] {});
  Post(mailbox_, [] {});
  mailbox_.Drain([](Message&) { return false; });
  EXPECT_FALSE(mailbox_.BeginSleep()) << "some are left over";
  mailbox_.Drain();
  EXPECT_TRUE(mailbox_.BeginSleep());
}

TEST_F(MailboxTest, WhatAMessagePostsWaitsForTheNextDrain) {
  int ran = 0;
  Post(mailbox_, [&] { Post(mailbox_, [&ran] { ++ran; }); });
  EXPECT_EQ(mailbox_.Drain(), 1u);
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(mailbox_.Drain(), 1u);
  EXPECT_EQ(ran, 1);
}

TEST_F(MailboxTest, DestroysUnrunWhatIsLeftAtTheEnd) {
  const auto token = std::make_shared<int>(0);
  {
    Mailbox short_lived(wake_.get());
    Post(short_lived, [token] { FAIL() << "ran"; });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(MailboxThreads, KeepsTheOrderOfEachSenderAndLosesNothing) {
  constexpr int kSenders = 4;
  constexpr int kMessages = 20'000;
  const auto loop = testing::OpenLoop();
  std::vector<int> seen(kSenders, 0);
  int total = 0;
  int out_of_order = 0;
  std::vector<std::jthread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0; i < kMessages; ++i) {
        loop->Post([&, sender, i] {
          if (seen[static_cast<std::size_t>(sender)]++ != i) ++out_of_order;
          if (++total == kSenders * kMessages) loop->Stop();
        });
      }
    });
  }
  loop->Run();
  EXPECT_EQ(total, kSenders * kMessages);
  EXPECT_EQ(out_of_order, 0);
}

// Loops that do nothing but hand messages round, so that each sleeps and is woken all the time: one wake-up
// that is lost, and the message stays where it is for a minute.
TEST(MailboxThreads, NoWakeUpIsLostBetweenLoopsThatSleep) {
  constexpr std::size_t kLoops = 3;
  constexpr int kTokens = 4;
  constexpr int kRounds = 20'000;
  std::vector<std::unique_ptr<Loop>> loops;
  for (std::size_t i = 0; i < kLoops; ++i) loops.push_back(testing::OpenLoop({.index = i}));
  std::atomic<int> left = kTokens * kRounds;
  std::function<void(std::size_t)> pass = [&](std::size_t at) {
    if (left.fetch_sub(1) <= 1) {
      for (const auto& loop : loops) loop->Stop();
      return;
    }
    const std::size_t next = (at + 1) % kLoops;
    loops[next]->Post([&pass, next] { pass(next); });
  };
  for (int token = 0; token < kTokens; ++token) loops[0]->Post([&pass] { pass(0); });
  const MonotonicTime begin = SystemClock().Now();
  {
    std::vector<std::jthread> threads;
    for (const auto& loop : loops) threads.emplace_back([&loop] { loop->Run(); });
  }
  EXPECT_LE(left.load(), 0);
  EXPECT_LT(SystemClock().Now() - begin, Seconds(55));
}

}  // namespace
}  // namespace tidemill::net
