// marker_store.h and thread_store.h as tests, on every backend.
#include <gtest/gtest.h>

#include "chat/store/testing/fixture.h"

namespace tidemill::chat {
namespace {

class MarkersTest : public testing::ChatStoreTest {
 protected:
  // unread, mentions
  std::pair<std::int64_t, std::int64_t> CountsOf(RoomId room, const std::string& user) {
    const Membership membership = MembershipOf(room, user);
    return {membership.unread, membership.mentions};
  }
  Message Mention(RoomId room, std::string from, Mentions mentions, MessageId thread = {}) {
    return TrySend(room,
                   {.user_id = std::move(from), .text = "hey", .thread_id = thread, .mentions = mentions})
        ->message;
  }
};

using Counts = std::pair<std::int64_t, std::int64_t>;

INSTANTIATE_TEST_SUITE_P(All, MarkersTest, ::testing::ValuesIn(testing::Backends()), testing::NameOf);

TEST_P(MarkersTest, UnreadCountsRootMessagesOfOthersBehindTheMarker) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  const Message root = Post(room, "ada", "1");
  Post(room, "ada", "2");
  Post(room, "ada", "3 in a thread", root.id);
  TrySend(room, {.sender = Sender::kServer, .user_id = "ada", .type = MessageType::kSystem, .text = "4"});
  Post(room, "ada", "5");
  EXPECT_EQ(CountsOf(room, "ada"), Counts(0, 0)) << "sending moves one's own marker";
  EXPECT_EQ(CountsOf(room, "bob"), Counts(3, 0));
  Marked marked = Must(store().markers().MarkRead(room, "bob", 1));
  EXPECT_TRUE(marked.has_changed);
  EXPECT_EQ(marked.membership.unread, 2);
  EXPECT_EQ(Must(store().markers().MarkRead(room, "bob", 4)).membership.unread, 1);
  EXPECT_FALSE(Must(store().markers().MarkRead(room, "bob", 2)).has_changed) << "only forward";
  marked = Must(store().markers().MarkRead(room, "bob", 1'000));
  EXPECT_EQ(marked.membership.read_seq, 5) << "not behind the last";
  EXPECT_EQ(marked.membership.unread, 0);
  marked = Must(store().markers().MarkUnread(room, "bob", 2));
  EXPECT_EQ(marked.membership.read_seq, 1);
  EXPECT_EQ(marked.membership.unread, 2);
  EXPECT_EQ(marked.membership, MembershipOf(room, "bob"));
  EXPECT_EQ(Must(store().markers().MarkUnread(room, "bob", 1)).membership.unread, 3);
  EXPECT_EQ(CodeOf(store().markers().MarkRead(room, "cid", 1)), "not_found");
}

TEST_P(MarkersTest, MentionsCountUntilTheyAreRead) {
  const RoomId room = MakeRoom("general", {"ada", "bob", "cid"});
  const Message direct = Mention(room, "ada", {.user_ids = {"bob", "bob", "ada", "outsider"}});
  EXPECT_EQ(CountsOf(room, "bob"), Counts(1, 1));
  EXPECT_EQ(CountsOf(room, "ada"), Counts(0, 0)) << "not of oneself";
  EXPECT_EQ(CountsOf(room, "cid"), Counts(1, 0));
  Mention(room, "cid", {.user_ids = {"bob"}, .here = true});
  EXPECT_EQ(CountsOf(room, "bob"), Counts(2, 2)) << "one for a message, whoever it mentions";
  EXPECT_EQ(CountsOf(room, "ada"), Counts(1, 1));
  const Message reply = Mention(room, "ada", {.user_ids = {"bob"}, .room = true}, direct.id);
  EXPECT_EQ(CountsOf(room, "bob"), Counts(2, 3)) << "in a thread only those named";
  EXPECT_EQ(CountsOf(room, "cid"), Counts(0, 0));
  EXPECT_EQ(Must(store().markers().MarkRead(room, "bob", 1)).membership.mentions, 2);
  EXPECT_EQ(Must(store().markers().MarkUnread(room, "bob", 1)).membership.mentions, 3);
  EXPECT_EQ(Must(store().markers().MarkRead(room, "bob", 2)).membership.mentions, 1);
  Must(store().messages().Delete({.user = "ada"}, reply.id));
  EXPECT_EQ(CountsOf(room, "bob"), Counts(0, 0)) << "what is deleted mentions nobody";
  Mention(room, "ada", {.user_ids = {"bob"}});
  Post(room, "bob", "here I am");
  EXPECT_EQ(CountsOf(room, "bob"), Counts(0, 0));
}

TEST_P(MarkersTest, ABatchOfBothCountsAsOneByOne) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  const Appended appended = Must(
      store().messages().Append(room, {{.user_id = "ada", .text = "1", .mentions = {.user_ids = {"bob"}}},
                                       {.user_id = "bob", .text = "2"},
                                       {.user_id = "ada", .text = "3", .mentions = {.user_ids = {"bob"}}},
                                       {.user_id = "ada", .text = "4", .mentions = {.room = true}}}));
  EXPECT_EQ(appended.sends[0]->mentioned, std::vector<std::string>{"bob"});
  EXPECT_EQ(CountsOf(room, "bob"), Counts(2, 2));
  EXPECT_EQ(MembershipOf(room, "bob").read_seq, 2);
  EXPECT_EQ(CountsOf(room, "ada"), Counts(0, 0));
}

TEST_P(MarkersTest, WhatAMemberKeepsForThemselves) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  MarkerStore& markers = store().markers();
  EXPECT_TRUE(Must(markers.SetStarred(room, "bob", true)).membership.is_starred);
  EXPECT_FALSE(Must(markers.SetStarred(room, "bob", true)).has_changed);
  EXPECT_EQ(Must(markers.SetNotify(room, "bob", Notify::kMentions)).membership.notify, Notify::kMentions);
  EXPECT_EQ(Must(markers.SetDraft(room, "bob", "so far")).membership.draft, "so far");
  EXPECT_EQ(Must(markers.SetDraft(room, "bob", "")).membership.draft, "");
  EXPECT_EQ(CodeOf(markers.SetDraft(room, "bob", std::string(MarkerStore::kDraftBytesMax + 1, 'x'))),
            "too_long");
  EXPECT_EQ(CodeOf(markers.SetStarred(room, "cid", true)), "not_found");
  EXPECT_FALSE(MembershipOf(room, "ada").is_starred);
  EXPECT_EQ(RoomOf(room).version, 0) << "nobody else hears of it";
}

TEST_P(MarkersTest, ReceiptsAreOfSmallRooms) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  Post(room, "ada", "x");
  EXPECT_EQ(Must(store().markers().ListReceipts(room)), (std::vector<Receipt>{{"ada", 1}, {"bob", 0}}));
  std::vector<std::string> many = {"first"};
  for (int i = 0; i < 100; ++i) many.push_back("u" + std::to_string(i));
  EXPECT_EQ(CodeOf(store().markers().ListReceipts(MakeRoom("large", many))), "too_many");
}

TEST_P(MarkersTest, AThreadIsFollowedByWhoWritesInIt) {
  const RoomId room = MakeRoom("general", {"ada", "bob", "cid", "dan"});
  const Message root = Post(room, "ada", "root");
  clock().Advance(Seconds(1));
  const Appended replied = Must(store().messages().Append(
      room, {{.user_id = "bob", .text = "r1", .thread_id = root.id, .mentions = {.user_ids = {"cid"}}},
             {.user_id = "bob", .text = "r2", .thread_id = root.id}}));
  ASSERT_EQ(replied.changes.size(), 3u);
  EXPECT_EQ(replied.changes[2].type, "thread.updated");
  EXPECT_EQ(replied.changes[2].version, 4);
  EXPECT_EQ(replied.sends[1]->thread->reply_count, 2);
  const Message after = Must(store().messages().Find(root.id)).value();
  EXPECT_EQ(after.reply_count, 2);
  EXPECT_EQ(after.last_reply_at, clock().WallNow());
  EXPECT_EQ(after.reply_user_ids, std::vector<std::string>{"bob"});
  EXPECT_EQ(after.version, 4);
  EXPECT_EQ(Must(store().threads().ListFollowers(root.id)), (std::vector<std::string>{"ada", "bob", "cid"}));

  const auto unread = [&](std::string user) {
    const ThreadPage page = Must(store().threads().List({.user = std::move(user)}));
    return page.threads.empty() ? -1 : page.threads[0].unread;
  };
  EXPECT_EQ(unread("ada"), 2);
  EXPECT_EQ(unread("bob"), 0);
  EXPECT_EQ(unread("cid"), 2);
  EXPECT_EQ(unread("dan"), -1);
  EXPECT_TRUE(Must(store().threads().List({.user = "bob", .unread_only = true})).threads.empty());
  EXPECT_EQ(Must(store().threads().MarkRead("ada", root.id, 2)).unread, 1);
  EXPECT_EQ(Must(store().threads().MarkRead("ada", root.id, 1)).unread, 1) << "only forward";
  EXPECT_EQ(Must(store().threads().MarkRead("ada", root.id, 99)).unread, 0);
  EXPECT_EQ(CodeOf(store().threads().MarkRead("dan", root.id, 2)), "not_found");

  EXPECT_TRUE(Must(store().threads().Follow("dan", root.id)));
  EXPECT_FALSE(Must(store().threads().Follow("dan", root.id)));
  EXPECT_EQ(unread("dan"), 0);
  EXPECT_TRUE(Must(store().threads().Unfollow("cid", root.id)));
  Post(room, "ada", "r3", root.id);
  EXPECT_EQ(unread("cid"), -1);
  EXPECT_EQ(unread("dan"), 1);
  Post(room, "cid", "r4", root.id);
  EXPECT_EQ(unread("cid"), 0) << "writing follows again";
  EXPECT_EQ(Must(store().messages().Find(root.id))->reply_user_ids,
            (std::vector<std::string>{"cid", "ada", "bob"}));
  EXPECT_EQ(CodeOf(store().threads().Follow("outsider", root.id)), "not_found");
  Must(store().rooms().RemoveMember({.user = "dan"}, room, "dan"));
  EXPECT_EQ(unread("dan"), -1);
}

TEST_P(MarkersTest, ThreadsComeWithTheLatestReplyFirst) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  std::vector<Message> roots;
  for (int i = 0; i < 5; ++i) roots.push_back(Post(room, "ada", "root " + std::to_string(i)));
  for (const int i : {2, 0, 4, 1}) {
    clock().Advance(Seconds(1));
    Post(room, "bob", "re", roots[static_cast<std::size_t>(i)].id);
  }
  std::string order;
  std::string cursor;
  do {
    const ThreadPage page = Must(store().threads().List({.user = "ada", .cursor = cursor, .limit = 3}));
    for (const FollowedThread& thread : page.threads) order += thread.root.text.back();
    cursor = page.cursor;
  } while (!cursor.empty());
  EXPECT_EQ(order, "1402");
}

}  // namespace
}  // namespace tidemill::chat
