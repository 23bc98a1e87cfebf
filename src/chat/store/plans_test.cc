// How the databases do what the store asks: no statement reads a table of
// messages, members or changes from one end to the other.
#include <gtest/gtest.h>

#include <set>

#include "chat/store/testing/fixture.h"
#include "chat/store/testing/recording_database.h"

namespace tidemill::chat {
namespace {

class PlansTest : public testing::ChatStoreTest {
 protected:
  PlansTest() : recording_(database()), store_(MakeSqlStore(loop(), recording_, clock(), {})) {}

  // Everything that users do all day, and what goes on in the background.
  void DoEverything() {
    const RoomId room = MakeRoom("general", {"ada", "bob"});
    MessageStore& messages = store_->messages();
    const auto append = [&](std::vector<Send> sends) {
      return Must(messages.Append(room, std::move(sends))).sends.at(0)->message.id;
    };
    const MessageId root = append({{.user_id = "ada", .client_msg_id = "c1", .text = "some words"}});
    append({{.user_id = "bob",
             .client_msg_id = "c2",
             .text = "reply",
             .thread_id = root,
             .mentions = {.user_ids = {"ada"}}}});
    (void)Must(messages.List({.room = room}));
    (void)Must(messages.List({.room = room, .after = 0}));
    (void)Must(messages.List({.room = room, .around = 1}));
    (void)Must(messages.ListReplies({.thread = root}));
    (void)Must(messages.Find(root));
    (void)Must(messages.EditText({.user = "ada"}, root, {.text = "other words"}));
    (void)Must(messages.ListEdits(root));
    (void)Must(messages.AddReaction({.user = "bob"}, root, "👍"));
    (void)Must(messages.RemoveReaction({.user = "bob"}, root, "👍"));
    (void)Must(messages.Pin({.user = "bob"}, room, root));
    (void)Must(messages.ListPins(room));
    (void)Must(messages.Delete({.user = "ada"}, root));
    (void)Must(store_->markers().MarkRead(room, "bob", 2));
    (void)Must(store_->markers().MarkUnread(room, "bob", 1));
    (void)Must(store_->markers().SetStarred(room, "bob", true));
    (void)Must(store_->markers().ListReceipts(room));
    (void)Must(store_->rooms().Find(room, "ada"));
    (void)Must(store_->rooms().ListOf("ada", 1'000));
    (void)Must(store_->rooms().ListMembers({.room = room}));
    (void)Must(store_->rooms().ListMemberIds(room, "", 100));
    (void)Must(store_->rooms().RemoveMember({.user = "bob"}, room, "bob"));
    (void)Must(store_->rooms().Join(room, "bob"));
    (void)Must(store_->threads().List({.user = "ada"}));
    (void)Must(store_->threads().ListFollowers(root));
    (void)Must(store_->threads().Follow("ada", root));
    (void)Must(store_->threads().MarkRead("ada", root, 2));
    (void)Must(store_->changes().ListAfter(room, 0, 100));
    (void)Must(store_->search().Find({.user = "ada", .phrases = {"words"}}));
    (void)Must(store_->search().Find({.user = "ada", .from = {"ada"}}));
    (void)Must(store_->retention().Export(room, 0, 100));
    (void)Must(store_->retention().Sweep(clock().WallNow(), Hours(1)));
    (void)Must(store_->users().FindByUsername({"ada"}));
    ModerateAndSchedule(room, append({{.user_id = "bob", .text = "flagged"}}));
    (void)Must(store_->rooms().Delete({.user = "ada"}, room));
    while (Must(store_->retention().Sweep(clock().WallNow(), Hours(1))).has_more) {
    }
  }

  void ModerateAndSchedule(RoomId room, MessageId message) {
    ModerationStore& moderation = store_->moderation();
    const Acting ada{.user = "ada", .role_min = Role::kModerator};
    const WallTime at = clock().WallNow();
    const FlagId flag = Must(moderation.AddFlag({.user = "ada"}, message, "")).flag.id;
    (void)Must(moderation.ListOpenFlags({.user = "ada"}));
    (void)Must(moderation.ListOpenFlags({.user = "ada", .room = room}));
    (void)Must(moderation.ListOpenFlags({.user = "ada", .by_workspace_role = true}));
    (void)Must(moderation.FindFlag(flag));
    Must(moderation.ResolveFlag(ada, flag));
    (void)Must(moderation.Mute(ada, room, "bob", std::nullopt));
    (void)Must(moderation.AddBan(ada, {.room_id = room, .user_id = "bob"}));
    (void)Must(moderation.ListBans(room, "", 10));
    (void)Must(moderation.ListModerators(room));
    (void)Must(moderation.ListAudit({.user = "ada"}));
    (void)Must(moderation.ListAudit({.user = "ada", .by_workspace_role = true}));
    (void)Must(moderation.ListAudit({.user = "ada", .room = room}));
    (void)Must(store_->rooms().Browse({.user = "ada"}));
    ScheduleStore& schedule = store_->schedule();
    const ScheduledId id = Must(schedule.Add({.room_id = room, .user_id = "ada", .text = "x", .at = at})).id;
    (void)Must(schedule.ListOf("ada"));
    (void)Must(schedule.ListDue(at, 10));
    (void)Must(schedule.Update(id, "ada", {}));
    (void)Must(schedule.Claim(id));
    Must(schedule.Release(id, "", at));
    (void)Must(schedule.Remove(id));
    ReminderStore& reminders = store_->reminders();
    const Reminder made =
        Must(reminders.Add({.user_id = "ada", .room_id = room, .message_id = message, .at = at}));
    (void)Must(reminders.ListOf("ada"));
    (void)Must(reminders.ListDue(at, 10));
    (void)Must(reminders.SetTold(made.id, at));
    Must(reminders.Remove(made.id, "ada"));
    (void)Must(store_->retention().Sweep(at, Hours(1)));
  }

  std::vector<std::string> PlanOf(const sql::Call& call) {
    // With hardly any rows PostgreSQL would read a table as a whole.
    static const auto kNoScans =
        std::make_shared<const sql::LocalSettings>(sql::LocalSettings{{"enable_seqscan", "off"}});
    const std::string explain = backend().is_postgres() ? "explain " : "explain query plan ";
    const auto plan = Await(database().Run({.statement = sql::Statement(explain + call.statement.text()),
                                            .parameters = call.parameters,
                                            .settings = kNoScans}));
    EXPECT_TRUE(plan) << plan.error().message << call.statement.text();
    std::vector<std::string> lines;
    for (std::size_t i = 0; plan && i < plan->rows.size(); ++i)
      lines.emplace_back(plan->rows[i][backend().is_postgres() ? 0 : 3].text);
    return lines;
  }

  // Steps that read a table as a whole.
  std::vector<std::string> ScansOf(const sql::Call& call) {
    std::vector<std::string> scans;
    std::set<std::string> made;  // subqueries and lists, whose rows the statement has made itself
    for (const std::string& line : PlanOf(call)) {
      if (backend().is_postgres()) {
        if (line.contains("Seq Scan on tidemill_chat_")) scans.push_back(line);
        continue;
      }
      const std::size_t begin = line.find(' ') + 1;
      const std::string name = line.substr(begin, line.find(' ', begin) - begin);
      if (line.starts_with("CO-ROUTINE ") || line.starts_with("MATERIALIZE ")) made.insert(name);
      const bool is_list = name == "x" || name == "json_each" || line.contains("VIRTUAL TABLE");
      if (!line.starts_with("SCAN ") || is_list || made.contains(name) || line == "SCAN CONSTANT ROW")
        continue;
      if (line.contains("INDEX tidemill_chat_room_deleted")) continue;  // only those that were deleted
      scans.push_back(line);
    }
    return scans;
  }

  testing::RecordingDatabase recording_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(All, PlansTest, ::testing::ValuesIn(testing::BackendOfEachDialect()),
                         testing::NameOf);

TEST_P(PlansTest, NoTableIsReadFromEndToEnd) {
  DoEverything();
  std::set<std::string> seen;
  for (const sql::Call& call : recording_.calls) {
    if (!seen.insert(call.statement.text()).second) continue;
    EXPECT_EQ(ScansOf(call), std::vector<std::string>{}) << call.statement.text();
  }
  EXPECT_GT(seen.size(), 60u);
}

TEST_P(PlansTest, WhoModeratesNothingDoesNotWalkThroughTheAudit) {
  ModerationStore& moderation = store_->moderation();
  recording_.calls.clear();
  (void)Must(moderation.ListAudit({.user = "ada"}));
  (void)Must(moderation.ListOpenFlags({.user = "ada"}));
  ASSERT_EQ(recording_.calls.size(), 2u);
  for (const sql::Call& call : recording_.calls) {
    for (const std::string& line : PlanOf(call)) {
      EXPECT_FALSE(line.contains("audit_pkey")) << line;
      EXPECT_FALSE(line.contains("SEARCH a USING INTEGER PRIMARY KEY")) << line;
      EXPECT_FALSE(line.contains("SEARCH f USING INTEGER PRIMARY KEY")) << line;
    }
  }
}

TEST_P(PlansTest, AScanWouldBeSeen) {
  const std::string table =
      backend().is_postgres() ? "tidemill.tidemill_chat_message" : "tidemill_chat_message";
  EXPECT_EQ(
      ScansOf({.statement = sql::Statement("select g.id from " + table + " g where g.text = 'x'")}).size(),
      1u);
}

}  // namespace
}  // namespace tidemill::chat
