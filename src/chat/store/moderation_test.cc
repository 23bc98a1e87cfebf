// moderation_store.h, hook_store.h and retention_store.h as tests, on every backend.
#include <gtest/gtest.h>

#include "chat/store/testing/fixture.h"

namespace tidemill::chat {
namespace {

class ModerationTest : public testing::ChatStoreTest {
 protected:
  static Acting Owner() { return {.user = "own", .role_min = Role::kModerator}; }

  // How many rows are taken away until there are none.
  std::size_t SweepAll(Duration changes_max_age = Hours(24 * 365)) {
    std::size_t rows = 0;
    for (bool more = true; more;) {
      const Swept swept = Must(store().retention().Sweep(clock().WallNow(), changes_max_age));
      EXPECT_LE(swept.rows, 2 * RetentionStore::kRowsMax);
      rows += swept.rows;
      more = swept.has_more;
    }
    return rows;
  }
  std::int64_t CountRows(const std::string& table) {
    const std::string name = (backend().is_postgres() ? "tidemill.tidemill_chat_" : "tidemill_chat_") + table;
    const auto done = Await(database().Run({.statement = sql::Statement("select count(*) from " + name)}));
    EXPECT_TRUE(done);
    return done ? done->rows[0][0].AsInteger().value_or(-1) : -1;
  }
};

INSTANTIATE_TEST_SUITE_P(All, ModerationTest, ::testing::ValuesIn(testing::Backends()), testing::NameOf);

TEST_P(ModerationTest, WhoIsMutedReadsButDoesNotWrite) {
  const RoomId room = MakeRoom("general", {"own", "mod", "mem"});
  Must(store().rooms().SetRole(Owner(), room, "mod", Role::kModerator));
  ModerationStore& moderation = store().moderation();
  const WallTime until = clock().WallNow() + Minutes(1);
  const auto muted = Must(moderation.Mute({.user = "mod", .role_min = Role::kModerator}, room, "mem", until));
  EXPECT_EQ(muted.changes.at(0).type, "member.updated");
  EXPECT_EQ(muted.value.muted_until, until);
  const auto sent = TrySend(room, {.user_id = "mem", .text = "x"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::kMuted);
  EXPECT_EQ(sent.error().retry_after_ms, 60'000);
  clock().Advance(Minutes(1));
  const Message message = Post(room, "mem", "x");
  Must(moderation.Mute(Owner(), room, "mem", std::nullopt));
  EXPECT_EQ(CodeOfSend(room, {.user_id = "mem", .text = "x"}), "muted");
  EXPECT_EQ(CodeOf(store().messages().EditText({.user = "mem"}, message.id, {.text = "y"})), "muted");
  Must(moderation.Unmute(Owner(), room, "mem"));
  Post(room, "mem", "x");
  EXPECT_EQ(CodeOf(moderation.Mute({.user = "mod", .role_min = Role::kModerator}, room, "own", until)),
            "forbidden");
  EXPECT_EQ(CodeOf(moderation.Mute({.user = "mem", .role_min = Role::kModerator}, room, "mod", until)),
            "forbidden");
  EXPECT_EQ(CodeOf(moderation.Mute(Owner(), room, "nobody", until)), "not_found");
}

TEST_P(ModerationTest, WhoIsBannedIsOutAndStaysOut) {
  const RoomId room = MakeRoom("general", {"own", "mem"});
  AddUsers({"out"});
  ModerationStore& moderation = store().moderation();
  const auto banned = Must(moderation.AddBan(Owner(), {.room_id = room, .user_id = "mem", .reason = "spam"}));
  EXPECT_EQ(banned.changes.at(0).type, "member.removed");
  EXPECT_EQ(RoomOf(room).member_count, 1);
  EXPECT_EQ(CodeOf(store().rooms().Join(room, "mem")), "banned");
  EXPECT_EQ(CodeOf(store().rooms().AddMembers(Owner(), room, {"mem"})), "banned");
  EXPECT_TRUE(Must(moderation.AddBan(Owner(), {.room_id = room, .user_id = "out"})).changes.empty());
  EXPECT_EQ(Must(moderation.ListBans(room, "", 10)).items.size(), 2u);
  const PageOf<Ban> bans = Must(moderation.ListBans(room, "", 1));
  ASSERT_EQ(bans.items.size(), 1u);
  EXPECT_EQ(bans.items[0].reason, "spam");
  EXPECT_EQ(bans.items[0].banned_by, "own");
  EXPECT_EQ(Must(moderation.ListBans(room, bans.cursor, 1)).items.at(0).user_id, "out");
  EXPECT_EQ(Must(store().rooms().Find(room, "mem"))->banned_until, kForEver);
  EXPECT_TRUE(Must(store().rooms().Browse({.user = "mem"})).rooms.empty());
  EXPECT_EQ(Must(store().rooms().Browse({.user = "own"})).rooms.size(), 1u);
  Must(moderation.RemoveBan(Owner(), room, "mem"));
  Must(store().rooms().Join(room, "mem"));
  EXPECT_EQ(CodeOf(moderation.RemoveBan(Owner(), room, "mem")), "not_found");
  EXPECT_EQ(CodeOf(moderation.AddBan({.user = "mem", .role_min = Role::kModerator},
                                     {.room_id = room, .user_id = "own"})),
            "forbidden");
  Must(moderation.AddBan(Owner(),
                         {.room_id = room, .user_id = "out", .until = clock().WallNow() + Seconds(1)}));
  EXPECT_EQ(CodeOf(store().rooms().Join(room, "out")), "banned");
  EXPECT_EQ(Must(store().rooms().Find(room, "out"))->banned_until, clock().WallNow() + Seconds(1));
  clock().Advance(Seconds(1));
  EXPECT_FALSE(Must(store().rooms().Find(room, "out"))->banned_until);
  Must(store().rooms().Join(room, "out"));
}

TEST_P(ModerationTest, NobodyModeratesThemselvesNorAdmins) {
  const RoomId room = MakeRoom("general", {"own", "mem"});
  Must(store().users().Upsert({.id = "boss", .name = {}, .username = {}, .role = WorkspaceRole::kAdmin}));
  Must(store().rooms().AddMembers(Owner(), room, {"boss"}));
  ModerationStore& moderation = store().moderation();
  EXPECT_EQ(CodeOf(moderation.Mute(Owner(), room, "own", std::nullopt)), "invalid");
  EXPECT_EQ(CodeOf(moderation.AddBan(Owner(), {.room_id = room, .user_id = "own"})), "invalid");
  EXPECT_EQ(CodeOf(moderation.Mute(Owner(), room, "boss", std::nullopt)), "forbidden");
  EXPECT_EQ(CodeOf(moderation.AddBan(Owner(), {.room_id = room, .user_id = "boss"})), "forbidden");
  EXPECT_EQ(CodeOf(moderation.AddBan(Owner(), {.room_id = room, .user_id = "nobody-at-all"})), "not_found");
}

TEST_P(ModerationTest, FlagsAreForWhoModeratesTheirRoom) {
  const RoomId room = MakeRoom("general", {"own", "mem", "bad"});
  const RoomId closed = MakeRoom("closed", {"own", "mem"});
  Must(store().rooms().Update({.user = "own"}, closed, {.is_private = true}));
  AddUsers({"admin"});
  const Message message = Post(room, "bad", "x");
  const Message hidden = Post(closed, "mem", "y");
  ModerationStore& moderation = store().moderation();
  const AddedFlag added = Must(moderation.AddFlag({.user = "mem"}, message.id, "rude"));
  const Flag& flag = added.flag;
  EXPECT_TRUE(added.is_new);
  EXPECT_EQ(flag.author, "bad");
  const AddedFlag again = Must(moderation.AddFlag({.user = "mem"}, message.id, "again"));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.flag.id, flag.id);
  Must(moderation.AddFlag({.user = "own"}, hidden.id, "so it is"));
  EXPECT_EQ(CodeOf(moderation.AddFlag({.user = "stranger"}, message.id, "x")), "forbidden");
  const auto page = Must(moderation.ListOpenFlags({.user = "own", .limit = 1}));
  ASSERT_EQ(page.items.size(), 1u);
  EXPECT_EQ(page.items[0].flag.user_id, "own");
  EXPECT_EQ(page.items[0].message.text, "y");
  const auto next = Must(moderation.ListOpenFlags({.user = "own", .cursor = page.cursor}));
  EXPECT_EQ(next.items.at(0).flag.reason, "rude");
  EXPECT_TRUE(Must(moderation.ListOpenFlags({.user = "mem"})).items.empty());
  EXPECT_EQ(Must(moderation.ListOpenFlags({.user = "own", .room = room})).items.size(), 1u);
  const auto of_admin = Must(moderation.ListOpenFlags({.user = "admin", .by_workspace_role = true}));
  ASSERT_EQ(of_admin.items.size(), 1u) << "not of a private room that they are not in";
  EXPECT_EQ(of_admin.items[0].flag.room_id, room);
  EXPECT_EQ(CodeOf(moderation.ResolveFlag({.user = "mem", .role_min = Role::kModerator}, flag.id)),
            "forbidden");
  Must(moderation.ResolveFlag(Owner(), flag.id));
  EXPECT_EQ(CodeOf(moderation.ResolveFlag(Owner(), flag.id)), "not_found");
  EXPECT_EQ(Must(moderation.FindFlag(flag.id))->resolved_by, "own");
  EXPECT_EQ(Must(moderation.ListOpenFlags({.user = "own"})).items.size(), 1u);
  EXPECT_EQ(Must(moderation.ListModerators(room)), std::vector<std::string>{"own"});
}

TEST_P(ModerationTest, WhoWroteAMessageNeitherSeesNorClosesItsFlags) {
  const RoomId room = MakeRoom("general", {"own", "mod", "mem"});
  Must(store().rooms().SetRole(Owner(), room, "mod", Role::kModerator));
  const Acting mod{.user = "mod", .role_min = Role::kModerator};
  ModerationStore& moderation = store().moderation();
  const Flag flag = Must(moderation.AddFlag({.user = "mem"}, Post(room, "mod", "x").id, "rude")).flag;
  EXPECT_TRUE(Must(moderation.ListOpenFlags({.user = "mod"})).items.empty());
  EXPECT_TRUE(Must(moderation.ListOpenFlags({.user = "mod", .room = room})).items.empty());
  EXPECT_EQ(CodeOf(moderation.ResolveFlag(mod, flag.id)), "not_found");
  EXPECT_EQ(Must(moderation.ListOpenFlags({.user = "own"})).items.size(), 1u);
  Must(moderation.ResolveFlag(Owner(), flag.id));
}

TEST_P(ModerationTest, NobodyEndsAMuteByLeaving) {
  const RoomId room = MakeRoom("general", {"own", "mem", "quiet"});
  const RoomId closed = MakeRoom("closed", {"own", "mem"});
  Must(store().rooms().Update(Owner(), closed, {.is_private = true}));
  const WallTime until = clock().WallNow() + Minutes(1);
  for (const RoomId each : {room, closed}) Must(store().moderation().Mute(Owner(), each, "mem", until));
  Must(store().rooms().SetRole(Owner(), room, "quiet", Role::kReadonly));
  const auto left = Await(store().rooms().RemoveMember({.user = "mem"}, room, "mem"));
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().code, Code::kMuted);
  EXPECT_EQ(left.error().retry_after_ms, 60'000);
  EXPECT_EQ(CodeOf(store().rooms().RemoveMember({.user = "quiet"}, room, "quiet")), "forbidden");
  EXPECT_EQ(MembershipOf(room, "mem").muted_until, until);
  Must(store().rooms().RemoveMember({.user = "mem"}, closed, "mem"));
  Must(store().rooms().RemoveMember(Owner(), room, "quiet"));
  clock().Advance(Minutes(1));
  Must(store().rooms().RemoveMember({.user = "mem"}, room, "mem"));
}

TEST_P(ModerationTest, WhoBecameAnAdminIsUnmuted) {
  const RoomId room = MakeRoom("general", {"own", "mem"});
  Must(store().moderation().Mute(Owner(), room, "mem", std::nullopt));
  Must(store().users().Upsert({.id = "mem", .name = {}, .username = {}, .role = WorkspaceRole::kAdmin}));
  EXPECT_EQ(CodeOf(store().moderation().Mute(Owner(), room, "mem", clock().WallNow() + Hours(1))),
            "forbidden");
  Must(store().moderation().Unmute(Owner(), room, "mem"));
  Post(room, "mem", "x");
}

TEST_P(ModerationTest, BansThatHaveEndedAreSwept) {
  const RoomId room = MakeRoom("general", {"own"});
  AddUsers({"a", "b", "c"});
  ModerationStore& moderation = store().moderation();
  const WallTime now = clock().WallNow();
  Must(moderation.AddBan(Owner(), {.room_id = room, .user_id = "a", .until = now + Minutes(1)}));
  Must(moderation.AddBan(Owner(), {.room_id = room, .user_id = "b", .until = now + Minutes(2)}));
  Must(moderation.AddBan(Owner(), {.room_id = room, .user_id = "c"}));
  clock().Advance(Minutes(1));
  SweepAll();
  std::vector<std::string> users;
  for (const Ban& each : Must(moderation.ListBans(room, "", 10)).items) users.push_back(each.user_id);
  EXPECT_EQ(users, (std::vector<std::string>{"b", "c"}));
}

TEST_P(ModerationTest, ABanEndsTheHooksOfWhoIsBanned) {
  const RoomId room = MakeRoom("general", {"own", "bad"});
  Must(store().rooms().SetRole(Owner(), room, "bad", Role::kOwner));
  HookStore& hooks = store().hooks();
  const auto add = [&](std::string user, char digit) {
    return Must(hooks.Add({.user = user, .role_min = Role::kOwner},
                          {.room_id = room, .name = user + "'s", .created_by = user}, std::string(64, digit)))
        .id;
  };
  const HookId first = add("bad", 'a');
  const HookId mine = add("own", 'b');
  const HookId second = add("bad", 'c');
  Must(store().moderation().AddBan(Owner(), {.room_id = room, .user_id = "bad"}));
  EXPECT_FALSE(Must(hooks.FindByDigest(std::string(64, 'a'))));
  EXPECT_FALSE(Must(hooks.FindByDigest(std::string(64, 'c'))));
  ASSERT_EQ(Must(hooks.List(room)).size(), 1u);
  Must(hooks.Remove(Owner(), room, mine));
  std::vector<std::string> lines;
  for (const AuditEntry& each : Must(store().moderation().ListAudit({.user = "own", .room = room})).items)
    if (each.action.starts_with("hook.")) lines.push_back(each.actor + " " + each.action + " " + each.target);
  EXPECT_EQ(lines, (std::vector{"own hook.removed " + ToText(mine), "own hook.removed " + ToText(second),
                                "own hook.removed " + ToText(first), "bad hook.created " + ToText(second),
                                "own hook.created " + ToText(mine), "bad hook.created " + ToText(first)}));
}

TEST_P(ModerationTest, ARoomHasSoManyOpenFlagsAndNoMore) {
  const RoomId room = MakeRoom("general", {"own"});
  Message message;
  for (std::size_t i = 0; i < ModerationStore::kOpenFlagsMax; ++i) {
    if (i % 10 == 0) clock().Advance(Milliseconds(1));
    message = Post(room, "own", "x");
    Must(store().moderation().AddFlag({.user = "own"}, message.id, ""));
  }
  message = Post(room, "own", "x");
  EXPECT_EQ(CodeOf(store().moderation().AddFlag({.user = "own"}, message.id, "")), "too_many");
}

TEST_P(ModerationTest, WhatIsDoneToOthersIsInTheAudit) {
  const RoomId room = MakeRoom("general", {"own", "mod", "mem", "bad"});
  ModerationStore& moderation = store().moderation();
  Must(store().rooms().SetRole(Owner(), room, "mod", Role::kModerator));
  const Acting mod{.user = "mod", .role_min = Role::kModerator};
  const Message message = Post(room, "bad", "x");
  Must(moderation.Mute(mod, room, "bad", std::nullopt));
  Must(moderation.Unmute(mod, room, "bad"));
  Must(moderation.Unmute(mod, room, "bad"));
  const Flag flag = Must(moderation.AddFlag({.user = "mem"}, message.id, "")).flag;
  Must(store().messages().Delete(mod, message.id));
  Must(store().messages().Delete({.user = "mem"}, Post(room, "mem", "own").id));
  Must(moderation.ResolveFlag(mod, flag.id));
  const WallTime until = clock().WallNow() + Hours(1);
  Must(moderation.AddBan(mod, {.room_id = room, .user_id = "bad", .until = until, .reason = "spam"}));
  Must(moderation.RemoveBan(mod, room, "bad"));
  Must(store().rooms().RemoveMember(mod, room, "mem"));
  Must(store().rooms().RemoveMember({.user = "mod"}, room, "mod"));
  std::vector<std::string> lines;
  std::string cursor;
  do {
    const auto page = Must(moderation.ListAudit({.user = "own", .cursor = cursor, .limit = 3}));
    for (const AuditEntry& each : page.items)
      lines.push_back(each.actor + " " + each.action + " " + each.target + each.detail);
    cursor = page.cursor;
  } while (!cursor.empty());
  const std::string text = ToText(message.id);
  EXPECT_EQ(lines,
            (std::vector<std::string>{
                "mod member.removed mem", "mod member.unbanned bad",
                "mod member.banned bad{\"until\":" + std::to_string(until.ms) + ",\"reason\":\"spam\"}",
                "mod flag.resolved " + text, "mod message.deleted " + text + "{\"user_id\":\"bad\"}",
                "mod member.unmuted bad", "mod member.muted bad{\"until\":null}",
                "own member.role mod{\"role\":\"moderator\"}"}));
  EXPECT_TRUE(Must(moderation.ListAudit({.user = "mem"})).items.empty());
  EXPECT_EQ(Must(moderation.ListAudit({.user = "x", .by_workspace_role = true, .room = room})).items.size(),
            8u);
  clock().Advance(RetentionStore::kRecordsKept);
  clock().Advance(Hours(1));
  SweepAll();
  EXPECT_EQ(CountRows("audit"), 0);
  EXPECT_EQ(CountRows("flag"), 0);
}

TEST_P(ModerationTest, HooksAreFoundByTheirDigestAlone) {
  const RoomId room = MakeRoom("general", {"own", "mem"});
  HookStore& hooks = store().hooks();
  const std::string digest(64, 'a');
  const Hook hook = Must(hooks.Add(Owner(), {.room_id = room, .name = "ci", .created_by = "own"}, digest));
  EXPECT_EQ(Must(hooks.FindByDigest(digest))->id, hook.id);
  EXPECT_FALSE(Must(hooks.FindByDigest(std::string(64, 'b'))));
  EXPECT_EQ(Must(hooks.List(room)).size(), 1u);
  EXPECT_EQ(CodeOf(hooks.Add({.user = "mem", .role_min = Role::kModerator}, {.room_id = room, .name = "x"},
                             std::string(64, 'c'))),
            "forbidden");
  EXPECT_EQ(CodeOf(hooks.Remove(Owner(), room, HookId(7))), "not_found");
  Must(hooks.Remove(Owner(), room, hook.id));
  EXPECT_FALSE(Must(hooks.FindByDigest(digest)));
  for (std::size_t i = 0; i < HookStore::kHooksMax; ++i) {
    const std::string number = std::to_string(i);
    const std::string other = std::string(64 - number.size(), '0') + number;
    Must(hooks.Add(Owner(), {.room_id = room, .name = "h"}, other));
  }
  EXPECT_EQ(CodeOf(hooks.Add(Owner(), {.room_id = room, .name = "h"}, digest)), "too_many");
}

TEST_P(ModerationTest, RetentionTakesWhatIsOldAndKeepsTheCounts) {
  const RoomId room = MakeRoom("general", {"own", "mem"});
  const RoomId keeps = MakeRoom("keeps", {"own"});
  Post(keeps, "own", "old");
  std::vector<Send> sends(64, {.user_id = "own", .text = "old word", .mentions = {.user_ids = {"mem"}}});
  for (int i = 0; i < 10; ++i) Must(store().messages().Append(room, sends));
  const Message pinned = Post(room, "own", "pinned");
  Must(store().messages().Pin(Owner(), room, pinned.id));
  Must(store().messages().EditText({.user = "own"}, pinned.id, {.text = "pinned, edited"}));
  Must(store().messages().AddReaction({.user = "mem"}, pinned.id, "👍"));
  Post(room, "mem", "reply", pinned.id);
  Must(store().messages().Delete({.user = "own"}, Post(room, "own", "deleted").id));
  clock().Advance(Hours(24 * 8));
  Post(room, "own", "new word");
  Must(store().rooms().Update(Owner(), room, {.settings = {.retention_days = 7}}));
  const Membership before = MembershipOf(room, "mem");
  EXPECT_EQ(SweepAll(), 643u);
  const auto page = Must(store().messages().List({.room = room}));
  ASSERT_EQ(page.messages.size(), 1u);
  EXPECT_EQ(page.messages[0].text, "new word");
  EXPECT_EQ(RoomOf(room).last_seq, 644);
  EXPECT_EQ(MembershipOf(room, "mem").unread, before.unread);
  EXPECT_EQ(Must(store().markers().MarkRead(room, "mem", 643)).membership.unread, 1);
  EXPECT_EQ(Must(store().markers().MarkRead(room, "mem", 644)).membership.unread, 0);
  EXPECT_EQ(Must(store().search().Find({.user = "own", .phrases = {"word"}})).messages.size(), 1u);
  EXPECT_EQ(Must(store().retention().Export(keeps, 0, 10)).size(), 1u);
  for (const char* const table : {"pin", "edit", "reaction", "mention", "follower"})
    EXPECT_EQ(CountRows(table), 0) << table;
  EXPECT_EQ(SweepAll(), 0u);
}

TEST_P(ModerationTest, OldChangesGoByTheirAge) {
  const RoomId room = MakeRoom("general", {"own"});
  for (int i = 0; i < 5; ++i) Post(room, "own", "old");
  clock().Advance(Hours(2));
  Post(room, "own", "new");
  EXPECT_EQ(SweepAll(Hours(1)), 5u);
  EXPECT_EQ(ChangesAfter(room, 5), std::vector<std::string>{"6 message.created"});
  EXPECT_TRUE(Must(store().changes().ListAfter(room, 4, 10)).reset);
}

TEST_P(ModerationTest, OfADeletedRoomNothingStays) {
  const RoomId room = MakeRoom("general", {"own", "mem"});
  AddUsers({"out"});
  std::vector<Send> sends(64, {.user_id = "own", .text = "word", .mentions = {.user_ids = {"mem"}}});
  for (int i = 0; i < 10; ++i) Must(store().messages().Append(room, sends));
  const Message root = Post(room, "own", "root");
  Post(room, "mem", "reply", root.id);
  Must(store().messages().AddReaction({.user = "mem"}, root.id, "👍"));
  Must(store().messages().Pin(Owner(), room, root.id));
  Must(store().moderation().AddFlag({.user = "mem"}, root.id, "x"));
  Must(store().moderation().AddBan(Owner(), {.room_id = room, .user_id = "out"}));
  Must(store().hooks().Add(Owner(), {.room_id = room, .name = "h"}, std::string(64, 'a')));
  Must(store().schedule().Add({.room_id = room, .user_id = "own", .text = "x"}));
  Must(store().reminders().Add({.user_id = "own", .room_id = room, .message_id = root.id}));
  Must(store().rooms().Delete(Owner(), room));
  EXPECT_GT(SweepAll(), 1'000u);
  for (const char* const table : {"room", "member", "message", "change", "mention", "follower", "reaction",
                                  "pin", "flag", "ban", "hook", "scheduled", "edit", "audit", "reminder"})
    EXPECT_EQ(CountRows(table), 0) << table;
}

}  // namespace
}  // namespace tidemill::chat
