#include "chat/rooms/followers.h"

#include <gtest/gtest.h>

#include <set>

#include "chat/rooms/testing/fake_directory.h"
#include "chat/rooms/testing/no_store.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::chat {
namespace {

Task<bool> Done(Task<void> task) {
  co_await task;
  co_return true;
}

class FollowersTest : public ::testing::Test {
 protected:
  const RoomId room_{7};

  ManualClock clock_;
  const std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop({.clock = &clock_});
  metrics::Registry registry_;
  RoomMetrics metrics_{registry_};
  testing::FakeDirectory directory_;
  testing::NoStore store_;
  Followers followers_{
      {.loop = *loop_, .store = store_, .directory = directory_, .metrics = metrics_, .visitors_max = 2}};
};

TEST_F(FollowersTest, WhoEndsTheLastSubscriptionVisitsNoMore) {
  ASSERT_TRUE(followers_.Admit(room_, "ada"));
  ASSERT_TRUE(followers_.Admit(room_, "ada")) << "the room's other channel";
  followers_.Joined(room_, "ada");
  followers_.Joined(room_, "ada");
  ASSERT_TRUE(followers_.Admit(room_, "bob"));
  followers_.Joined(room_, "bob");
  EXPECT_FALSE(followers_.Admit(room_, "cid"));
  EXPECT_EQ(metrics_.visitors_full.value(), 1u);
  followers_.Left(room_, "ada");
  EXPECT_FALSE(followers_.Admit(room_, "cid")) << "one of two has ended";
  followers_.Left(room_, "ada");
  EXPECT_TRUE(followers_.Admit(room_, "cid"));
  followers_.Joined(room_, "cid");
  followers_.Left(room_, "cid");
  followers_.Left(room_, "bob");
  EXPECT_EQ(followers_.rooms(), 0u);
}

TEST_F(FollowersTest, WhoNeverComesIsForgotten) {
  ASSERT_TRUE(followers_.Admit(room_, "ada"));
  ASSERT_TRUE(followers_.Admit(room_, "bob"));
  EXPECT_FALSE(followers_.Admit(room_, "cid"));
  followers_.Joined(room_, "bob");
  clock_.Advance(Followers::kArrival);
  clock_.Advance(Milliseconds(1));
  net::testing::RunTurns(*loop_);
  EXPECT_TRUE(followers_.Admit(room_, "cid"));
  EXPECT_FALSE(followers_.Admit(room_, "dan")) << "bob has come";
}

TEST_F(FollowersTest, MembersTakeNoPlaceAndLeaveWithTheVisitorsWhenTheyAreNone) {
  ASSERT_TRUE(followers_.Admit(room_, "ada"));
  followers_.Joined(room_, "ada");
  followers_.BecomeMember(room_, "ada");
  followers_.Joined(room_, "mem");
  EXPECT_EQ(followers_.visitors(room_), 0u);
  ASSERT_TRUE(followers_.Admit(room_, "bob"));
  OpenRoom room(room_);
  room.members = OpenRoom::Users{"mem"};
  net::testing::RunTask(*loop_, Done(followers_.EndVisits(room)));
  EXPECT_EQ(directory_.Ended(), (std::set<std::string>{"ada chat:room/7", "ada chat_live:room/7",
                                                       "bob chat:room/7", "bob chat_live:room/7"}))
      << "who is on the way too";
}

}  // namespace
}  // namespace tidemill::chat
