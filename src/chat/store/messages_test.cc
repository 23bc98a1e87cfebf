// message_store.h and change_store.h as tests, on every backend.
#include <gtest/gtest.h>

#include "chat/store/testing/fixture.h"

namespace tidemill::chat {
namespace {

using Lines = std::vector<std::string>;

class MessagesTest : public testing::ChatStoreTest {
 protected:
  // "3 text" for each.
  static Lines LinesOf(const std::vector<Message>& messages) {
    Lines lines;
    for (const Message& message : messages) lines.push_back(std::to_string(message.seq) + " " + message.text);
    return lines;
  }
  Lines List(MessageQuery query) { return LinesOf(Must(store().messages().List(query)).messages); }
  Message Get(MessageId id) {
    auto message = Must(store().messages().Find(id));
    EXPECT_TRUE(message);
    return message.value_or(Message{});
  }
};

INSTANTIATE_TEST_SUITE_P(All, MessagesTest, ::testing::ValuesIn(testing::Backends()), testing::NameOf);

TEST_P(MessagesTest, ABatchGetsSeqsAndVersionsInItsOrder) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  std::vector<Send> sends;
  for (int i = 1; i <= 64; ++i)
    sends.push_back({.user_id = i % 2 == 0 ? "ada" : "bob",
                     .client_msg_id = "c" + std::to_string(i),
                     .text = "m" + std::to_string(i)});
  const Appended appended = Must(store().messages().Append(room, sends));
  ASSERT_EQ(appended.sends.size(), 64u);
  ASSERT_EQ(appended.changes.size(), 64u);
  for (std::size_t i = 0; i < 64; ++i) {
    ASSERT_TRUE(appended.sends[i]);
    const Message& message = appended.sends[i]->message;
    EXPECT_EQ(message.seq, static_cast<Seq>(i + 1));
    EXPECT_EQ(message.version, message.seq);
    EXPECT_EQ(message.text, sends[i].text);
    EXPECT_EQ(appended.changes[i].version, message.version);
    EXPECT_EQ(Get(message.id), message) << "what is stored is what was answered";
  }
  EXPECT_EQ(appended.room, RoomOf(room));
  EXPECT_EQ(appended.room.last_seq, 64);
  EXPECT_EQ(appended.room.root_count, 64);
  EXPECT_EQ(appended.room.last_message->text, "m64");
  EXPECT_EQ(Post(room, "ada", "next").seq, 65);
  sends.push_back({.user_id = "ada", .text = "one too many"});
  EXPECT_EQ(CodeOf(store().messages().Append(room, sends)), "too_many");
}

TEST_P(MessagesTest, TheSameClientIdGivesTheFirstMessageAndTakesNoNumber) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  const Send send{.user_id = "ada", .client_msg_id = "c1", .text = "hello"};
  const Appended first = Must(store().messages().Append(room, {send, send}));
  ASSERT_TRUE(first.sends[0] && first.sends[1]);
  EXPECT_TRUE(first.sends[0]->is_new);
  EXPECT_FALSE(first.sends[1]->is_new) << "in the same batch too";
  EXPECT_EQ(first.sends[1]->message, first.sends[0]->message);
  EXPECT_EQ(first.changes.size(), 1u);
  const Appended again = Must(store().messages().Append(room, {send}));
  EXPECT_FALSE(again.sends[0]->is_new);
  EXPECT_EQ(again.sends[0]->message, first.sends[0]->message);
  EXPECT_TRUE(again.changes.empty());
  EXPECT_EQ(RoomOf(room).last_seq, 1);

  EXPECT_EQ(CodeOfSend(room, {.user_id = "ada", .client_msg_id = "c1", .text = "other"}), "conflict");
  EXPECT_EQ(TrySend(room, {.user_id = "bob", .client_msg_id = "c1", .text = "other"})->message.seq, 2)
      << "another user's";
  Must(store().messages().EditText({.user = "ada"}, first.sends[0]->message.id, {.text = "edited"}));
  EXPECT_EQ(TrySend(room, send)->message.text, "edited") << "what it has become";
  Must(store().messages().Delete({.user = "ada"}, first.sends[0]->message.id));
  EXPECT_TRUE(TrySend(room, send)->message.deleted_at) << "it is not sent again";
  EXPECT_EQ(CodeOfSend(room, {.user_id = "ada", .client_msg_id = std::string(65, 'x'), .text = "x"}),
            "too_long");
}

TEST_P(MessagesTest, OneThatIsRefusedTakesNoNumberAndHoldsNobodyUp) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  AddUsers({"cid"});
  const Appended appended = Must(store().messages().Append(
      room,
      {{.user_id = "ada", .text = "1"},
       {.user_id = "cid", .text = "not a member"},
       {.user_id = "bob", .text = ""},
       {.user_id = "bob", .text = std::string(MessageStore::kTextBytesMax + 1, 'x')},
       {.user_id = "bob", .text = "no\xff text"},
       {.user_id = "bob", .text = "no such root", .thread_id = MessageId(7)},
       {.sender = Sender::kServer, .user_id = "cid", .type = MessageType::kSystem, .text = "cid looks in"},
       {.user_id = "bob", .text = "2"}}));
  Lines lines;
  for (const auto& sent : appended.sends)
    lines.push_back(sent ? std::to_string(sent->message.seq) : std::string(Name(sent.error().code)));
  EXPECT_EQ(lines, (Lines{"1", "forbidden", "invalid", "too_long", "invalid", "not_found", "2", "3"}));
  EXPECT_EQ(RoomOf(room).last_seq, 3);
  EXPECT_EQ(RoomOf(room).root_count, 2) << "a system message does not count";
  EXPECT_EQ(CodeOf(store().messages().Append(RoomId(7), {{.user_id = "ada", .text = "x"}})), "not_found");
}

TEST_P(MessagesTest, APrivateRoomIsNotThereForThoseOutside) {
  AddUsers({"ada", "bob"});
  const RoomId room = Must(store().rooms().Create(
                               {.is_private = true, .name = "own", .created_by = "ada", .user_ids = {"bob"}}))
                          .id;
  const Send said{.user_id = "bob", .client_msg_id = "c", .text = "x"};
  EXPECT_TRUE(TrySend(room, said));
  Must(store().rooms().RemoveMember({.user = "ada"}, room, "bob"));
  EXPECT_EQ(CodeOfSend(room, said), "not_found") << "not even what was said before";
  EXPECT_EQ(CodeOfSend(room, {.user_id = "bob", .text = std::string(30'000, 'x')}), "not_found");
}

TEST_P(MessagesTest, TheRoomsSettingsHoldForItsMembers) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  const Acting owner{.user = "ada", .role_min = Role::kOwner};
  const auto set = [&](RoomSettings settings) {
    Must(store().rooms().Update(owner, room,
                                {.settings = {.who_can_post = settings.who_can_post,
                                              .slow_mode_s = settings.slow_mode_s,
                                              .text_max = settings.text_max,
                                              .retention_days = settings.retention_days,
                                              .threads = settings.threads,
                                              .reactions = settings.reactions,
                                              .typing = settings.typing,
                                              .receipts = settings.receipts}}));
  };
  set({.slow_mode_s = 10, .text_max = 5});
  EXPECT_EQ(CodeOfSend(room, {.user_id = "bob", .text = "äöüß€"}), "done") << "five characters";
  const auto slow = TrySend(room, {.user_id = "bob", .text = "again"});
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code, Code::kSlowMode);
  EXPECT_EQ(slow.error().retry_after_ms, 10'000);
  clock().Advance(Milliseconds(9'999));
  EXPECT_EQ(CodeOfSend(room, {.user_id = "bob", .text = "again"}), "slow_mode");
  clock().Advance(Milliseconds(1));
  EXPECT_EQ(CodeOfSend(room, {.user_id = "bob", .text = "again"}), "done");
  EXPECT_EQ(CodeOfSend(room, {.user_id = "ada", .text = "1"}), "done");
  EXPECT_EQ(CodeOfSend(room, {.user_id = "ada", .text = "2"}), "done") << "owners are free of it";
  EXPECT_EQ(CodeOfSend(room, {.user_id = "ada", .text = "123456"}), "too_long");
  set({.who_can_post = WhoCanPost::kModerators});
  EXPECT_EQ(CodeOfSend(room, {.user_id = "bob", .text = "x"}), "forbidden");
  const Message root = Post(room, "ada", "x");
  set({.threads = false, .reactions = false});
  EXPECT_EQ(CodeOfSend(room, {.user_id = "bob", .text = "x", .thread_id = root.id}), "forbidden");
  EXPECT_EQ(CodeOf(store().messages().AddReaction({.user = "bob"}, root.id, "👍")), "forbidden");
}

TEST_P(MessagesTest, PagesGoBothWaysAndAroundAndHaveRootsOnly) {
  const RoomId room = MakeRoom("general", {"ada"});
  const Message root = Post(room, "ada", "r");
  for (int i = 2; i <= 12; ++i) Post(room, "ada", "m", i % 3 == 0 ? root.id : MessageId());
  // Roots: 1 2 4 5 7 8 10 11
  EXPECT_EQ(List({.room = room, .limit = 3}), (Lines{"8 m", "10 m", "11 m"}));
  EXPECT_EQ(List({.room = room, .before = 8, .limit = 2}), (Lines{"5 m", "7 m"}));
  EXPECT_EQ(List({.room = room, .after = 2, .limit = 2}), (Lines{"4 m", "5 m"}));
  EXPECT_EQ(List({.room = room, .around = 7, .limit = 4}), (Lines{"5 m", "7 m", "8 m", "10 m"}));
  const auto page = [&](MessageQuery query) {
    const MessagePage p = Must(store().messages().List(query));
    return std::pair(p.has_more_before, p.has_more_after);
  };
  EXPECT_EQ(page({.room = room, .limit = 3}), std::pair(true, false));
  EXPECT_EQ(page({.room = room, .limit = 8}), std::pair(false, false));
  EXPECT_EQ(page({.room = room, .before = 4, .limit = 8}), std::pair(false, true));
  EXPECT_EQ(page({.room = room, .after = 8, .limit = 2}), std::pair(true, false));
  EXPECT_EQ(page({.room = room, .around = 5, .limit = 2}), std::pair(true, true));
  EXPECT_EQ(Must(store().messages().List({.room = room})).version, RoomOf(room).version);
  EXPECT_EQ(CodeOf(store().messages().List({.room = room, .before = 1, .after = 1})), "invalid");

  EXPECT_EQ(LinesOf(Must(store().messages().ListReplies({.thread = root.id})).messages),
            (Lines{"3 m", "6 m", "9 m", "12 m"}));
  EXPECT_EQ(
      LinesOf(Must(store().messages().ListReplies({.thread = root.id, .before = 9, .limit = 1})).messages),
      Lines{"6 m"});
  EXPECT_EQ(CodeOf(store().messages().ListReplies({.thread = MessageId(7)})), "not_found");
}

TEST_P(MessagesTest, AnEditKeepsItsPlaceAndItsHistory) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  const Message first = Post(room, "ada", "one");
  Post(room, "ada", "last");
  clock().Advance(Seconds(1));
  const auto edited = Must(store().messages().EditText({.user = "ada"}, first.id,
                                                       {.text = "two", .mentions = {.user_ids = {"bob"}}}));
  EXPECT_EQ(edited.value.seq, 1);
  EXPECT_EQ(edited.value.version, 3);
  EXPECT_EQ(edited.value.edited_at, clock().WallNow());
  EXPECT_EQ(Get(first.id), edited.value);
  ASSERT_EQ(edited.changes.size(), 1u);
  EXPECT_EQ(edited.changes[0].type, "message.updated");
  EXPECT_TRUE(edited.changes[0].data.contains(R"("text":"two")")) << "the whole new message";
  EXPECT_TRUE(Must(store().messages().EditText({.user = "ada"}, first.id, {.text = "two"})).changes.empty());
  Must(store().messages().EditText({.user = "ada"}, first.id, {.text = "three"}));
  const std::vector<Edit> edits = Must(store().messages().ListEdits(first.id));
  ASSERT_EQ(edits.size(), 2u);
  EXPECT_EQ(edits[0].text, "one");
  EXPECT_EQ(edits[0].at, first.created_at);
  EXPECT_EQ(edits[1].text, "two");
  EXPECT_EQ(RoomOf(room).last_message->text, "last");
  EXPECT_EQ(CodeOf(store().messages().EditText({.user = "bob"}, first.id, {.text = "x"})), "forbidden");
  EXPECT_EQ(CodeOf(store().messages().EditText({.user = "ada"}, first.id, {.text = ""})), "invalid");
  EXPECT_EQ(CodeOf(store().messages().EditText({.user = "ada"}, MessageId(7), {.text = "x"})), "not_found");
  for (std::size_t i = 0; i < MessageStore::kEditsKept + 5; ++i)
    Must(store().messages().EditText({.user = "ada"}, first.id, {.text = "e" + std::to_string(i)}));
  EXPECT_EQ(Must(store().messages().ListEdits(first.id)).size(), MessageStore::kEditsKept);
}

TEST_P(MessagesTest, ADeletedMessageLeavesATombstone) {
  const RoomId room = MakeRoom("general", {"ada", "bob", "cid"});
  const Message message = Post(room, "ada", "secret");
  Must(store().messages().EditText({.user = "ada"}, message.id, {.text = "secret 2"}));
  Must(store().messages().AddReaction({.user = "bob"}, message.id, "👍"));
  Must(store().messages().Pin({.user = "bob"}, room, message.id));
  EXPECT_EQ(CodeOf(store().messages().Delete({.user = "bob", .role_min = Role::kModerator}, message.id)),
            "forbidden");
  const auto deleted =
      Must(store().messages().Delete({.user = "ada", .role_min = Role::kModerator}, message.id));
  EXPECT_EQ(deleted.changes.at(0).type, "message.deleted");
  EXPECT_FALSE(deleted.changes[0].data.contains("secret"));
  EXPECT_EQ(deleted.value.text, "");
  EXPECT_TRUE(deleted.value.reactions.empty());
  EXPECT_EQ(Get(message.id), deleted.value);
  EXPECT_EQ(RoomOf(room).last_message->text, "");
  for (const Change& change : Must(store().changes().ListAfter(room, 0, 50)).changes)
    EXPECT_FALSE(change.data.contains("secret")) << change.type;
  EXPECT_TRUE(Must(store().messages().ListEdits(message.id)).empty());
  EXPECT_TRUE(Must(store().messages().ListPins(room)).empty());
  EXPECT_TRUE(Must(store().messages().Delete({.user = "ada"}, message.id)).changes.empty());
  EXPECT_EQ(CodeOf(store().messages().AddReaction({.user = "ada"}, message.id, "👍")), "not_found");
  EXPECT_EQ(CodeOf(store().messages().EditText({.user = "ada"}, message.id, {.text = "x"})), "not_found");
  EXPECT_EQ(CodeOfSend(room, {.user_id = "bob", .text = "re", .thread_id = message.id}), "not_found");
  const Message bobs = Post(room, "bob", "x");
  EXPECT_EQ(
      Must(store().messages().Delete({.user = "ada", .role_min = Role::kModerator}, bobs.id)).changes.size(),
      1u)
      << "the owner may";
  EXPECT_EQ(List({.room = room}), (Lines{"1 ", "2 "}));
}

TEST_P(MessagesTest, ReactionsAreCountedOnceForEachUser) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  const Message message = Post(room, "ada", "x");
  MessageStore& messages = store().messages();
  EXPECT_EQ(Must(messages.AddReaction({.user = "bob"}, message.id, "👍")).changes.at(0).type,
            "reaction.added");
  EXPECT_TRUE(Must(messages.AddReaction({.user = "bob"}, message.id, "👍")).changes.empty());
  const auto both = Must(messages.AddReaction({.user = "ada"}, message.id, "👍"));
  EXPECT_EQ(both.value.reactions, (std::vector<Reaction>{{"👍", 2, {"bob", "ada"}}}));
  Must(messages.AddReaction({.user = "ada"}, message.id, "🎉"));
  EXPECT_EQ(Get(message.id).reactions.size(), 2u);
  const auto removed = Must(messages.RemoveReaction({.user = "bob"}, message.id, "👍"));
  EXPECT_EQ(removed.changes.at(0).type, "reaction.removed");
  EXPECT_TRUE(removed.changes[0].data.contains(R"("reactions":[{"emoji":"👍","count":1,"user_ids":["ada"]})"))
      << removed.changes[0].data;
  EXPECT_TRUE(Must(messages.RemoveReaction({.user = "bob"}, message.id, "👍")).changes.empty());
  Must(messages.RemoveReaction({.user = "ada"}, message.id, "👍"));
  EXPECT_EQ(Get(message.id).reactions, (std::vector<Reaction>{{"🎉", 1, {"ada"}}}));
  EXPECT_EQ(CodeOf(messages.AddReaction({.user = "cid"}, message.id, "👍")), "forbidden");
  EXPECT_EQ(CodeOf(messages.AddReaction({.user = "ada"}, message.id, "")), "invalid");
  EXPECT_EQ(CodeOf(messages.AddReaction({.user = "ada"}, message.id, std::string(65, 'x'))), "too_long");
  for (std::size_t i = 1; i < MessageStore::kEmojiMax; ++i)
    Must(messages.AddReaction({.user = "ada"}, message.id, "e" + std::to_string(i)));
  EXPECT_EQ(CodeOf(messages.AddReaction({.user = "ada"}, message.id, "one too many")), "too_many");
  EXPECT_EQ(Get(message.id).reactions.size(), MessageStore::kEmojiMax) << "nothing of it is left";
  EXPECT_TRUE(Must(messages.RemoveReaction({.user = "ada"}, message.id, "one too many")).changes.empty());
}

TEST_P(MessagesTest, PinsAreListedTheLatestFirst) {
  const RoomId room = MakeRoom("general", {"ada"});
  const RoomId other = MakeRoom("other", {"ada"});
  const Message one = Post(room, "ada", "one");
  const Message two = Post(room, "ada", "two");
  MessageStore& messages = store().messages();
  EXPECT_EQ(Must(messages.Pin({.user = "ada"}, room, one.id)).changes.at(0).type, "pin.added");
  EXPECT_TRUE(Must(messages.Pin({.user = "ada"}, room, one.id)).changes.empty());
  clock().Advance(Seconds(1));
  Must(messages.Pin({.user = "ada"}, room, two.id));
  EXPECT_EQ(LinesOf(Must(messages.ListPins(room))), (Lines{"2 two", "1 one"}));
  EXPECT_TRUE(Get(one.id).is_pinned);
  EXPECT_EQ(CodeOf(messages.Pin({.user = "ada"}, other, one.id)), "not_found");
  EXPECT_EQ(Must(messages.Unpin({.user = "ada"}, room, one.id)).changes.at(0).type, "pin.removed");
  EXPECT_EQ(LinesOf(Must(messages.ListPins(room))), Lines{"2 two"});
}

TEST_P(MessagesTest, AnAttachmentBelongsToOneMessageOfWhoUploadedIt) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  const RoomId other = MakeRoom("other", {"ada"});
  const auto upload = [&](RoomId in) {
    return Must(store().attachments().Add({.attachment = {.name = "a b.png", .type = "image/png", .size = 7},
                                           .room_id = in,
                                           .user_id = "ada",
                                           .storage_key = "k"}))
        .attachment.id;
  };
  const AttachmentId id = upload(room);
  EXPECT_EQ(CodeOfSend(room, {.user_id = "bob", .attachment_ids = {id}}), "not_found");
  EXPECT_EQ(CodeOfSend(other, {.user_id = "ada", .attachment_ids = {id}}), "not_found");
  EXPECT_EQ(CodeOfSend(room, {.user_id = "ada", .attachment_ids = {id, id}}), "conflict");
  const Message message = TrySend(room, {.user_id = "ada", .attachment_ids = {id}})->message;
  EXPECT_EQ(Get(message.id).attachments,
            (std::vector<Attachment>{{.id = id, .name = "a b.png", .type = "image/png", .size = 7}}));
  EXPECT_EQ(Must(store().attachments().Find(id))->message_id, message.id);
  EXPECT_EQ(CodeOfSend(room, {.user_id = "ada", .attachment_ids = {id}}), "conflict");
  const AttachmentId unused = upload(room);
  EXPECT_EQ(Must(store().attachments().MeasureBytesOf("ada")), 2 * kFileBytesMin);
  EXPECT_EQ(Must(store().attachments().MeasureBytes()), 2 * kFileBytesMin);
  EXPECT_TRUE(Must(store().attachments().GiveUpUnused(clock().WallNow(), 10)).empty()) << "not old enough";
  clock().Advance(Seconds(1));
  Must(store().attachments().Remove({unused, id}));
  EXPECT_TRUE(Must(store().attachments().Find(unused))) << "it was not given up";
  ASSERT_EQ(Must(store().attachments().GiveUpUnused(clock().WallNow(), 10)).size(), 1u);
  EXPECT_EQ(CodeOfSend(room, {.user_id = "ada", .attachment_ids = {unused}}), "not_found") << "given up";
  EXPECT_EQ(Must(store().attachments().GiveUpUnused(clock().WallNow(), 10)).size(), 1u)
      << "until it is removed";
  Must(store().attachments().Remove({unused, id}));
  EXPECT_FALSE(Must(store().attachments().Find(unused)));
  EXPECT_TRUE(Must(store().attachments().Find(id))) << "it is in use";
  Must(store().messages().Delete({.user = "ada"}, message.id));
  EXPECT_EQ(CodeOfSend(room, {.user_id = "ada", .attachment_ids = {id}}), "not_found")
      << "its message is gone";
  EXPECT_EQ(Must(store().attachments().GiveUpUnused({}, 10)).size(), 1u) << "at once";
  const AttachmentId unwanted = upload(room);
  EXPECT_FALSE(Must(store().attachments().GiveUp(unwanted, "bob")));
  EXPECT_TRUE(Must(store().attachments().GiveUp(unwanted, "ada")));
  EXPECT_FALSE(Must(store().attachments().GiveUp(unwanted, "ada")));
  EXPECT_EQ(CodeOfSend(room, {.user_id = "ada", .attachment_ids = {unwanted}}), "not_found");
}

TEST_P(MessagesTest, ChangesAreKeptWithoutGapsForAWhile) {
  const RoomId room = MakeRoom("general", {"ada"});
  std::vector<Send> sends(64, {.user_id = "ada", .text = "x"});
  for (int i = 0; i < 20; ++i) Must(store().messages().Append(room, sends));
  const Version last = RoomOf(room).version;
  EXPECT_EQ(last, 1280);
  ChangePage page = Must(store().changes().ListAfter(room, last - 3, 2));
  ASSERT_EQ(page.changes.size(), 2u);
  EXPECT_EQ(page.changes[0].version, last - 2);
  EXPECT_TRUE(page.has_more);
  EXPECT_FALSE(page.reset);
  page = Must(store().changes().ListAfter(room, last, 2));
  EXPECT_TRUE(page.changes.empty() && !page.has_more && !page.reset);
  EXPECT_FALSE(Must(store().changes().ListAfter(room, last - ChangeStore::kKept, 2)).reset);
  EXPECT_TRUE(Must(store().changes().ListAfter(room, last - ChangeStore::kKept - 64, 2)).reset);
  EXPECT_TRUE(Must(store().changes().ListAfter(room, 0, 2)).reset);
  EXPECT_TRUE(Must(store().changes().ListAfter(room, last + 1, 2)).reset);
}

TEST_P(MessagesTest, LongChangesComeInParts) {
  const RoomId room = MakeRoom("general", {"ada"});
  Must(store().rooms().Update({.user = "ada"}, room, {.settings = {.text_max = 16'000}}));
  std::vector<Send> sends(64, {.user_id = "ada", .text = std::string(16'000, 'x')});
  for (int i = 0; i < 6; ++i) Must(store().messages().Append(room, sends));
  std::size_t found = 0;
  Version after = 1;
  for (bool more = true; more;) {
    const ChangePage page = Must(store().changes().ListAfter(room, after, 500));
    ASSERT_FALSE(page.changes.empty());
    found += page.changes.size();
    after = page.changes.back().version;
    more = page.has_more;
    EXPECT_LT(page.changes.size(), 384u);
  }
  EXPECT_EQ(found, 384u);
}

}  // namespace
}  // namespace tidemill::chat
