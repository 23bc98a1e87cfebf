// schedule_store.h and reminder_store.h as tests, on every backend.
#include <gtest/gtest.h>

#include <algorithm>

#include "chat/store/testing/fixture.h"

namespace tidemill::chat {
namespace {

class ScheduleTest : public testing::ChatStoreTest {
 protected:
  ScheduleStore& schedule() { return store().schedule(); }
  std::vector<std::string> DueAt(WallTime now) {
    std::vector<std::string> texts;
    const std::vector<ScheduledMessage> all = Must(schedule().ListOf("own"));
    for (const ScheduledId id : Must(schedule().ListDue(now, 10)))
      texts.push_back(std::ranges::find(all, id, &ScheduledMessage::id)->text);
    return texts;
  }
};

INSTANTIATE_TEST_SUITE_P(All, ScheduleTest, ::testing::ValuesIn(testing::Backends()), testing::NameOf);

using Texts = std::vector<std::string>;

TEST_P(ScheduleTest, MessagesWaitForTheirTime) {
  const RoomId room = MakeRoom("general", {"own"});
  const WallTime now = clock().WallNow();
  const auto later =
      Must(schedule().Add({.room_id = room, .user_id = "own", .text = "2", .at = now + Minutes(2)}));
  const auto soon = Must(schedule().Add(
      {.room_id = room, .user_id = "own", .text = "1", .at = now + Minutes(1), .thread_id = MessageId(5)}));
  EXPECT_EQ(Must(schedule().ListOf("own")), (std::vector{soon, later}));
  EXPECT_EQ(DueAt(now), Texts{});
  EXPECT_EQ(DueAt(now + Minutes(1)), Texts{"1"});
  EXPECT_EQ(DueAt(now + Minutes(2)), (Texts{"1", "2"}));
  EXPECT_EQ(CodeOf(schedule().Update(later.id, "somebody", {.text = "mine"})), "not_found");
  EXPECT_EQ(CodeOf(schedule().Cancel(later.id, "somebody")), "not_found");
  EXPECT_EQ(Must(schedule().Update(later.id, "own", {.text = "new", .at = now})).text, "new");
  EXPECT_EQ(DueAt(now), Texts{"new"});
  Must(schedule().Cancel(later.id, "own"));
  EXPECT_EQ(CodeOf(schedule().Cancel(later.id, "own")), "not_found");
  EXPECT_EQ(CodeOf(schedule().Update(soon.id, "own", {.text = ""})), "invalid");
}

TEST_P(ScheduleTest, WhatIsBeingSentIsNotChanged) {
  const RoomId room = MakeRoom("general", {"own"});
  const WallTime now = clock().WallNow();
  const ScheduledId id = Must(schedule().Add({.room_id = room, .user_id = "own", .text = "1", .at = now})).id;
  EXPECT_EQ(Must(schedule().Claim(id))->text, "1");
  EXPECT_EQ(CodeOf(schedule().Update(id, "own", {.text = "2"})), "conflict");
  EXPECT_EQ(CodeOf(schedule().Cancel(id, "own")), "conflict");
  EXPECT_EQ(DueAt(now), Texts{});
  EXPECT_EQ(DueAt(now + ScheduleStore::kClaimedFor), Texts{"1"}) << "whoever claimed it is gone";
  Must(schedule().Release(id, "", now + Seconds(1)));
  EXPECT_EQ(DueAt(now), Texts{});
  EXPECT_EQ(DueAt(now + Seconds(1)), Texts{"1"});
  EXPECT_EQ(Must(schedule().Update(id, "own", {.text = "2"})).text, "2");
  clock().Advance(Seconds(1));
  EXPECT_TRUE(Must(schedule().Claim(id)));
  Must(schedule().Release(id, "you are muted in this room", now));
  EXPECT_EQ(DueAt(now + Hours(1)), Texts{});
  EXPECT_EQ(Must(schedule().ListOf("own")).at(0).problem, "you are muted in this room");
  EXPECT_EQ(Must(schedule().Update(id, "own", {.at = now})).problem, "");
  EXPECT_EQ(DueAt(now), Texts{"2"});
  EXPECT_TRUE(Must(schedule().Remove(id)));
  EXPECT_FALSE(Must(schedule().Remove(id)));
  EXPECT_FALSE(Must(schedule().Claim(id)));
}

TEST_P(ScheduleTest, OnlyWhatIsDueIsClaimedAndByOne) {
  const RoomId room = MakeRoom("general", {"own"});
  const WallTime now = clock().WallNow();
  const ScheduledId id = Must(schedule().Add({.room_id = room, .user_id = "own", .text = "1", .at = now})).id;
  Must(schedule().Update(id, "own", {.at = now + Minutes(1)}));
  EXPECT_FALSE(Must(schedule().Claim(id))) << "it was put off after it was listed";
  clock().Advance(Minutes(1));
  EXPECT_TRUE(Must(schedule().Claim(id)));
  EXPECT_FALSE(Must(OpenAnother()->schedule().Claim(id))) << "somebody sends it";
  clock().Advance(ScheduleStore::kClaimedFor);
  EXPECT_TRUE(Must(OpenAnother()->schedule().Claim(id))) << "whoever claimed it is gone";
  Must(schedule().Release(id, "you are muted in this room", clock().WallNow()));
  EXPECT_FALSE(Must(schedule().Claim(id))) << "it has a problem";
}

TEST_P(ScheduleTest, WhatIsSentByTheClockLeavesUnreadWhatItsAuthorHasNotRead) {
  const RoomId room = MakeRoom("general", {"own", "mem"});
  const auto send = [&](std::string text, MessageId thread) {
    return TrySend(room, {.user_id = "mem", .text = std::move(text), .thread_id = thread, .by_clock = true});
  };
  const Message root = Post(room, "own", "1");
  EXPECT_FALSE(send("2", {})->has_read);
  EXPECT_EQ(MembershipOf(room, "mem").unread, 2);
  EXPECT_EQ(MembershipOf(room, "mem").read_seq, 0);
  Must(store().markers().MarkRead(room, "mem", 2));
  EXPECT_TRUE(send("3", {})->has_read);
  EXPECT_EQ(MembershipOf(room, "mem").unread, 0);
  Must(store().threads().Follow("mem", root.id));
  Post(room, "own", "a reply", root.id);
  EXPECT_FALSE(send("a reply by the clock", root.id)->has_read);
  EXPECT_GT(Must(store().threads().List({.user = "mem"})).threads.at(0).unread, 0);
  const Mentions mem{.user_ids = {"mem"}};
  EXPECT_TRUE(TrySend(room, {.user_id = "own", .text = "@mem", .thread_id = root.id, .mentions = mem}));
  EXPECT_FALSE(send("4", {})->has_read) << "a mention was not read";
  EXPECT_EQ(MembershipOf(room, "mem").mentions, 1);
  EXPECT_TRUE(TrySend(room, {.user_id = "mem", .text = "5"})->has_read);
  EXPECT_EQ(MembershipOf(room, "mem").unread, 0);
}

TEST_P(ScheduleTest, AUserSchedulesSoManyAndOnlyWhereTheyAre) {
  const RoomId room = MakeRoom("general", {"own"});
  const WallTime now = clock().WallNow();
  EXPECT_EQ(CodeOf(schedule().Add({.room_id = room, .user_id = "out", .text = "x", .at = now})), "not_found");
  for (std::size_t i = 0; i < ScheduleStore::kScheduledMax; ++i)
    Must(schedule().Add({.room_id = room, .user_id = "own", .text = "x", .at = now}));
  EXPECT_EQ(CodeOf(schedule().Add({.room_id = room, .user_id = "own", .text = "x", .at = now})), "too_many");
}

TEST_P(ScheduleTest, AReminderIsToldByOneAndStays) {
  const RoomId room = MakeRoom("general", {"own", "mem"});
  const Message message = Post(room, "own", "x");
  ReminderStore& reminders = store().reminders();
  const WallTime at = clock().WallNow() + Minutes(1);
  Reminder made{.user_id = "mem", .room_id = room, .message_id = message.id, .note = "look", .at = at};
  made = Must(reminders.Add(made));
  EXPECT_EQ(Must(reminders.ListOf("mem")), std::vector{made});
  EXPECT_TRUE(Must(reminders.ListDue(clock().WallNow(), 10)).empty());
  EXPECT_EQ(Must(reminders.ListDue(at, 10)), std::vector{made});
  EXPECT_TRUE(Must(reminders.SetTold(made.id, at)));
  EXPECT_FALSE(Must(OpenAnother()->reminders().SetTold(made.id, at)));
  EXPECT_TRUE(Must(reminders.ListDue(at, 10)).empty());
  EXPECT_EQ(Must(reminders.ListOf("mem")).at(0).told_at, at);
  EXPECT_EQ(CodeOf(reminders.Remove(made.id, "own")), "not_found");
  Must(reminders.Remove(made.id, "mem"));
  EXPECT_TRUE(Must(reminders.ListOf("mem")).empty());
  for (std::size_t i = 0; i < ReminderStore::kRemindersMax; ++i) Must(reminders.Add(made));
  EXPECT_EQ(CodeOf(reminders.Add(made)), "too_many");
}

}  // namespace
}  // namespace tidemill::chat
