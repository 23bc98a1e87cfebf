// moderation_store.h, hook_store.h, schedule_store.h and retention_store.h as
// tests, on every backend.
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
  EXPECT_EQ(Must(moderation.ListBans(room, 10)).size(), 2u);
  Must(moderation.RemoveBan(Owner(), room, "mem"));
  Must(store().rooms().Join(room, "mem"));
  EXPECT_EQ(CodeOf(moderation.RemoveBan(Owner(), room, "mem")), "not_found");
  EXPECT_EQ(CodeOf(moderation.AddBan({.user = "mem", .role_min = Role::kModerator},
                                     {.room_id = room, .user_id = "own"})),
            "forbidden");
  Must(moderation.AddBan(Owner(),
                         {.room_id = room, .user_id = "out", .until = clock().WallNow() + Seconds(1)}));
  EXPECT_EQ(CodeOf(store().rooms().Join(room, "out")), "banned");
  clock().Advance(Seconds(1));
  Must(store().rooms().Join(room, "out"));
}

TEST_P(ModerationTest, FlagsAndAuditAreListedTheNewestFirst) {
  const RoomId room = MakeRoom("general", {"own", "mem"});
  const Message message = Post(room, "own", "x");
  ModerationStore& moderation = store().moderation();
  const Flag flag = Must(moderation.AddFlag({.user = "mem"}, message.id, "rude"));
  EXPECT_EQ(Must(moderation.AddFlag({.user = "mem"}, message.id, "again")).id, flag.id);
  Must(moderation.AddFlag({.user = "own"}, message.id, "so it is"));
  EXPECT_EQ(CodeOf(moderation.AddFlag({.user = "stranger"}, message.id, "x")), "forbidden");
  const auto page = Must(moderation.ListOpenFlags("", 1));
  ASSERT_EQ(page.items.size(), 1u);
  EXPECT_EQ(page.items[0].user_id, "own");
  EXPECT_EQ(Must(moderation.ListOpenFlags(page.cursor, 10)).items.at(0).reason, "rude");
  Must(moderation.ResolveFlag(flag.id, "own"));
  EXPECT_EQ(CodeOf(moderation.ResolveFlag(flag.id, "own")), "not_found");
  EXPECT_EQ(Must(moderation.ListOpenFlags("", 10)).items.size(), 1u);

  for (int i = 0; i < 3; ++i)
    Must(moderation.AddAudit({.room_id = room, .actor = "own", .action = "a" + std::to_string(i)}));
  const auto audit = Must(moderation.ListAudit("", 2));
  ASSERT_EQ(audit.items.size(), 2u);
  EXPECT_EQ(audit.items[0].action, "a2");
  EXPECT_EQ(Must(moderation.ListAudit(audit.cursor, 2)).items.at(0).action, "a0");
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

TEST_P(ModerationTest, ScheduledMessagesWaitForTheirTime) {
  const RoomId room = MakeRoom("general", {"own"});
  ScheduleStore& schedule = store().schedule();
  const WallTime now = clock().WallNow();
  const auto later =
      Must(schedule.Add({.room_id = room, .user_id = "own", .text = "2", .at = now + Minutes(2)}));
  const auto soon =
      Must(schedule.Add({.room_id = room, .user_id = "own", .text = "1", .at = now + Minutes(1)}));
  EXPECT_EQ(Must(schedule.ListOf("own")).at(0).id, soon.id);
  EXPECT_TRUE(Must(schedule.ListDue(now, 10)).empty());
  EXPECT_EQ(Must(schedule.ListDue(now + Minutes(1), 10)).at(0).text, "1");
  EXPECT_EQ(Must(schedule.Find(later.id))->text, "2");
  EXPECT_FALSE(Must(schedule.Remove(later.id, "somebody")));
  EXPECT_TRUE(Must(schedule.Remove(later.id, "own")));
  EXPECT_FALSE(Must(schedule.Find(later.id)));
  EXPECT_EQ(CodeOf(schedule.Add({.room_id = room, .user_id = "out", .text = "x", .at = now})), "not_found");
  for (std::size_t i = 1; i < ScheduleStore::kScheduledMax; ++i)
    Must(schedule.Add({.room_id = room, .user_id = "own", .text = "x", .at = now}));
  EXPECT_EQ(CodeOf(schedule.Add({.room_id = room, .user_id = "own", .text = "x", .at = now})), "too_many");
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
  Must(store().rooms().Delete(Owner(), room));
  EXPECT_GT(SweepAll(), 1'000u);
  for (const char* const table : {"room", "member", "message", "change", "mention", "follower", "reaction",
                                  "pin", "flag", "ban", "hook", "scheduled", "edit"})
    EXPECT_EQ(CountRows(table), 0) << table;
}

}  // namespace
}  // namespace tidemill::chat
