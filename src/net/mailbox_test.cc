#include "net/mailbox.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>

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

TEST_F(MailboxTest, WakesOnlyWhenItStopsBeingEmpty) {
  Post(mailbox_, [] {});
  EXPECT_TRUE(TakeWake());
  Post(mailbox_, [] {});
  EXPECT_FALSE(TakeWake());
  mailbox_.Drain();
  Post(mailbox_, [] {});
  EXPECT_TRUE(TakeWake());
}

TEST_F(MailboxTest, WhatAMessagePostsWaitsForTheNextDrainAndWakes) {
  int ran = 0;
  Post(mailbox_, [&] { Post(mailbox_, [&ran] { ++ran; }); });
  EXPECT_TRUE(TakeWake());
  EXPECT_EQ(mailbox_.Drain(), 1u);
  EXPECT_EQ(ran, 0);
  EXPECT_TRUE(TakeWake());
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

}  // namespace
}  // namespace tidemill::net
