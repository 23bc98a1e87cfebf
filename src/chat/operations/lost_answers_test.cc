// What a node knows and tells of a room after a commit whose answer was lost.
#include <gtest/gtest.h>

#include "base/json.h"
#include "chat/delivery/testing/delivery_bench.h"
#include "chat/operations/room_changes.h"
#include "chat/rooms/testing/fake_directory.h"
#include "chat/store/testing/backend.h"
#include "chat/store/testing/failing_database.h"

namespace tidemill::chat {
namespace {

using Fault = testing::FailingDatabase::Fault;

class LostAnswersTest : public ::testing::Test {
 protected:
  LostAnswersTest() {
    rooms_.Add(rooms_of_loop_);
    for (const char* const user : {"own", "mem"}) {
      (void)*Await(store_->users().Upsert({.id = user, .name = {}, .username = {}}));
      online_.Set(user, Presence::kOnline);
    }
    NewRoom room{.name = "general", .created_by = "own"};
    room.user_ids = {"mem"};
    room_ = Await(store_->rooms().Create(std::move(room)))->id;
  }

  template <class T>
  T Await(Task<T> task) {
    return net::testing::RunTask(*bench_.loop, std::move(task));
  }
  template <class T>
  Outcome<T> Write(RoomWrite<T> write) {
    return Await(rooms_.Write(*bench_.loop, room_, std::move(write)));
  }
  Outcome<Sent> Send(std::string text) {
    return Await(rooms_.Send(*bench_.loop, room_, {.user_id = "own", .client_msg_id = text, .text = text}));
  }
  void LoseTheNextAnswer() { database_.FailAt(0, Fault::kAnswerLost); }
  // "3 message.created" of the room's channel, once the room is settled.
  std::vector<std::string> Published() {
    EXPECT_TRUE(net::testing::RunUntil(*bench_.loop, [this] {
      const OpenRoom* const open = rooms_of_loop_.open().Find(room_);
      return open == nullptr || (!open->works && !open->doubtful_since);
    }));
    std::vector<std::string> lines;
    for (const std::string& event : bench_.Published(RoomChannel(room_))) {
      JsonReader json(event);
      std::string type;
      std::string version;
      json.EnterObject();
      while (const auto key = json.NextKey()) {
        if (*key == "type") type = json.ReadString();
        if (*key == "version") version = std::to_string(json.ReadInteger<Version>());
      }
      lines.push_back(version + " " + type);
    }
    return lines;
  }

  testing::DeliveryBench bench_;
  const std::unique_ptr<testing::Backend> backend_ =
      testing::BackendOfEachDialect().front().make(*bench_.loop);
  testing::FailingDatabase database_{backend_->database()};
  const std::unique_ptr<Store> store_ = MakeSqlStore(*bench_.loop, database_, bench_.loop->clock(), {});
  OnlineUsers online_;
  testing::FakeDirectory directory_;
  RoomMetrics metrics_{bench_.registry};
  ChatSettings settings_;
  RoomsOfLoop rooms_of_loop_{{.loop = *bench_.loop,
                              .store = *store_,
                              .courier = bench_.courier,
                              .online = online_,
                              .directory = directory_,
                              .metrics = metrics_,
                              .settings = settings_}};
  Rooms rooms_;
  RoomId room_;
  const Acting owner_{.user = "own", .role_min = Role::kOwner};
};

using Lines = std::vector<std::string>;

TEST_F(LostAnswersTest, AMessageThatIsStoredIsPublished) {
  LoseTheNextAnswer();
  const Outcome<Sent> sent = Send("one");
  ASSERT_FALSE(sent);
  EXPECT_TRUE(sent.error().may_have_happened);
  EXPECT_EQ(Published(), Lines{"1 message.created"}) << "the first that the node has to do with the room";
  LoseTheNextAnswer();
  ASSERT_FALSE(Send("two"));
  ASSERT_TRUE(Send("three"));
  EXPECT_EQ(Published(), (Lines{"1 message.created", "2 message.created", "3 message.created"}));
  const Outcome<Sent> again = Send("two");
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(Published().size(), 3u);
  EXPECT_EQ(metrics_.doubts.value(), 2u);
}

TEST_F(LostAnswersTest, WhatHasNotHappenedIsNotTold) {
  ASSERT_TRUE(Send("one"));
  database_.FailAt(0, Fault::kUnavailable);
  ASSERT_FALSE(Send("two"));
  ASSERT_TRUE(Send("three"));
  EXPECT_EQ(Published(), (Lines{"1 message.created", "2 message.created"}));
}

TEST_F(LostAnswersTest, ARoomThatHasBecomePrivateHasNoVisitors) {
  ASSERT_TRUE(Send("one"));
  ASSERT_TRUE(rooms_of_loop_.followers().Admit(room_, "visitor"));
  rooms_of_loop_.followers().Joined(room_, "visitor");
  LoseTheNextAnswer();
  ASSERT_FALSE(Write(UpdatesRoom(owner_, {.is_private = true})));
  EXPECT_EQ(Published(), (Lines{"1 message.created", "2 room.updated"}));
  EXPECT_TRUE(directory_.Ended().contains("visitor " + RoomChannel(room_)));
  EXPECT_TRUE(rooms_of_loop_.open().Find(room_)->room->is_private);
}

TEST_F(LostAnswersTest, WhoWasRemovedHearsNothingMore) {
  ASSERT_TRUE(Send("one"));
  LoseTheNextAnswer();
  ASSERT_FALSE(Write(RemovesMember(owner_, "mem")));
  EXPECT_EQ(Published(), (Lines{"1 message.created", "2 member.removed"}));
  EXPECT_TRUE(directory_.Ended().contains("mem " + RoomChannel(room_)));
  const std::size_t told = bench_.Published(UserChannel("mem")).size();
  ASSERT_TRUE(Send("@mem two"));
  EXPECT_EQ(rooms_of_loop_.open().Find(room_)->members, OpenRoom::Users{"own"});
  EXPECT_EQ(bench_.Published(UserChannel("mem")).size(), told);
}

TEST_F(LostAnswersTest, ARoomThatWasDeletedIsToldToBe) {
  ASSERT_TRUE(Send("one"));
  LoseTheNextAnswer();
  ASSERT_FALSE(Write(DeletesRoom(owner_)));
  EXPECT_EQ(Published(), Lines{}) << "what its channel has kept is forgotten";
  EXPECT_FALSE(rooms_of_loop_.open().Find(room_)->room);
}

}  // namespace
}  // namespace tidemill::chat
