#include "chat/store/sql_retention.h"

#include <algorithm>
#include <array>
#include <utility>

#include "chat/search/indexed_text.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"
#include "sql/insert.h"

namespace tidemill::chat {
namespace {

using Column = sql::InsertShape::Column;
using Kind = sql::InsertShape::Kind;

constexpr std::size_t kExportMax = 200;
constexpr std::int64_t kDayMs = 24 * 3'600'000;

class SqlRetention final : public RetentionStore {
 public:
  explicit SqlRetention(SqlContext& context)
      : context_(context),
        search_name_(context.is_sqlite() ? context.TableOf("search") : "search"),
        unindex_columns_{Column{search_name_, Kind::kText}, Column{"rowid", Kind::kInteger},
                         Column{"text", Kind::kText}},
        unindex_(context.database().dialect(),
                 {.table = context.TableOf("search"), .columns = unindex_columns_}) {
    for (const std::string_view text : {
             "delete from @edit where message_id IS_ONE_OF",
             "delete from @reaction where message_id IS_ONE_OF",
             "delete from @flag where message_id IS_ONE_OF",
             "delete from @follower where thread_id IS_ONE_OF",
             "update @attachment set message_id = 0, created_at = 0 where message_id IS_ONE_OF and "
             "message_id > 0",
             "delete from @message where id IS_ONE_OF",
         })
      of_messages_.push_back(context.Make(text));
    for (
        const std::string_view text : {
            "delete from @change where room_id = $1 and version in (select version from @change where "
            "room_id = "
            "$1 limit $2)",
            "delete from @member where room_id = $1 and user_id in (select user_id from @member where "
            "room_id = "
            "$1 limit $2)",
            "delete from @follower where room_id = $1 and (thread_id, user_id) in (select thread_id, user_id "
            "from @follower where room_id = $1 limit $2)",
            "delete from @pin where room_id = $1 and message_id in (select message_id from @pin where "
            "room_id = "
            "$1 limit $2)",
            "delete from @ban where room_id = $1 and user_id in (select user_id from @ban where room_id = $1 "
            "limit $2)",
            "delete from @hook where id in (select id from @hook where room_id = $1 limit $2)",
            "delete from @scheduled where id in (select id from @scheduled where room_id = $1 limit $2)",
            "delete from @flag where id in (select id from @flag where room_id = $1 limit $2)",
            "delete from @audit where id in (select id from @audit where room_id = $1 limit $2)",
            "delete from @reminder where id in (select id from @reminder where room_id = $1 limit $2)",
        })
      of_room_.push_back(context.Make(text));
  }

  Task<Outcome<Swept>> Sweep(WallTime now, Duration changes_max_age) override {
    return context_.ToEnd(SweepToEnd(now, changes_max_age));
  }
  Task<Outcome<std::vector<Message>>> Export(RoomId room, Seq after, std::size_t limit) override {
    limit = std::clamp<std::size_t>(limit, 1, kExportMax);
    TM_CO_TRY_ASSIGN(
        const sql::Rows rows,
        co_await context_.Read(oldest_, {room.value(), after, static_cast<std::int64_t>(limit)}, limit));
    co_return ListOf<Message>(rows, MessageOf);
  }

 private:
  Task<Outcome<Swept>> SweepToEnd(WallTime now, Duration changes_max_age);
  Task<Outcome<Swept>> DoSweepDeleted(Work& work, RoomId room);
  Task<Outcome<Swept>> DoSweep(Work& work, RoomId room, WallTime messages_before, WallTime changes_before);
  // The oldest messages from before that time; how many.
  Task<Outcome<std::size_t>> DeleteMessages(Work& work, RoomId room, WallTime before);

  SqlContext& context_;
  const std::string search_name_;
  const std::array<Column, 3> unindex_columns_;
  const sql::Insert unindex_;
  std::vector<sql::Statement> of_messages_;  // $1 ids
  std::vector<sql::Statement> of_room_;      // $1 room, $2 rows at most
  RoomId position_;                          // of the walk through all rooms
  const sql::Statement find_deleted_ =
      context_.Make("select id from @room where deleted_at > 0 order by id limit 1");
  const sql::Statement find_next_ =
      context_.Make("select id, settings from @room where id > $1 and deleted_at = 0 order by id limit 1");
  const sql::Statement lock_ = context_.Make("select id from @room where id = $1 FOR_UPDATE");
  const sql::Statement oldest_ = context_.Make(
      "select MESSAGE_COLUMNS from @message g where g.room_id = $1 and g.seq > $2 order by g.seq limit $3");
  const sql::Statement delete_pins_ =
      context_.Make("delete from @pin where message_id IS_ONE_OF and room_id = $2");
  const sql::Statement delete_mentions_ =
      context_.Make("delete from @mention where room_id = $2 and seq IS_ONE_OF");
  const sql::Statement delete_changes_ = context_.Make(
      "delete from @change where room_id = $1 and version in (select version from @change where room_id = $1 "
      "and "
      "at < $2 order by version limit $3)");
  // $1 room, $2 before that time, $3 rows at most. Ids grow with time.
  const std::array<sql::Statement, 3> old_ones_ = {
      context_.Make("delete from @audit where id in (select id from @audit where room_id = $1 and at < $2 "
                    "order by id limit $3)"),
      context_.Make("delete from @flag where id in (select id from @flag where room_id = $1 and resolved_by "
                    "<> '' and created_at < $2 limit $3)"),
      context_.Make("delete from @reminder where id in (select id from @reminder where room_id = $1 and "
                    "told_at > 0 and told_at < $2 limit $3)")};
  // $1 room, $2 now, $3 rows at most.
  const sql::Statement ended_bans_ = context_.Make(
      "delete from @ban where room_id = $1 and user_id in (select user_id from @ban where room_id = $1 and "
      "until > 0 and until <= $2 limit $3)");
  const sql::Statement delete_room_ = context_.Make("delete from @room where id = $1 and deleted_at > 0");
};

Task<Outcome<std::size_t>> SqlRetention::DeleteMessages(Work& work, RoomId room, WallTime before) {
  TM_CO_TRY(co_await work.Run(lock_, {room.value()}));  // as whoever writes to its messages
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(oldest_, {room.value(), std::int64_t{0},
                                                                     static_cast<std::int64_t>(kRowsMax)}));
  std::vector<Message> messages = ListOf<Message>(rows, MessageOf);
  messages.erase(std::ranges::find_if(
                     messages, [before](const Message& message) { return message.created_at >= before; }),
                 messages.end());
  if (messages.empty()) co_return 0u;
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> seqs;
  std::vector<sql::Call> calls;
  const auto indexed = static_cast<std::size_t>(
      std::ranges::count_if(messages, [](const Message& message) { return !message.deleted_at; }));
  sql::Insert::Rows unindex(unindex_, context_.is_sqlite() ? indexed : 0, calls);
  for (const Message& message : messages) {
    ids.push_back(message.id.value());
    seqs.push_back(message.seq);
    if (context_.is_sqlite() && !message.deleted_at)
      unindex.Add("delete").Add(message.id.value()).Add(IndexedText(message.text));
  }
  for (const sql::Statement& statement : of_messages_)
    calls.push_back({.statement = statement, .parameters = {ids}});
  calls.push_back({.statement = delete_pins_, .parameters = {ids, room.value()}});
  calls.push_back({.statement = delete_mentions_, .parameters = {std::move(seqs), room.value()}});
  TM_CO_TRY(co_await work.RunAll(std::move(calls)));
  co_return messages.size();
}

// Messages first, then whatever else belongs to the room, then the room.
Task<Outcome<Swept>> SqlRetention::DoSweepDeleted(Work& work, RoomId room) {
  TM_CO_TRY_ASSIGN(std::size_t rows, co_await DeleteMessages(work, room, kForEver));
  if (rows > 0) co_return Swept{.rows = rows, .has_more = true};
  constexpr auto kMost = static_cast<std::int64_t>(kRowsMax);
  for (const sql::Statement& statement : of_room_) {
    TM_CO_TRY_ASSIGN(rows, co_await work.Change(statement, {room.value(), kMost}));
    if (rows > 0) co_return Swept{.rows = rows, .has_more = true};
  }
  TM_CO_TRY_ASSIGN(rows, co_await work.Change(delete_room_, {room.value()}));
  co_return Swept{.rows = rows, .has_more = true};
}

Task<Outcome<Swept>> SqlRetention::DoSweep(Work& work, RoomId room, WallTime messages_before,
                                           WallTime changes_before) {
  Swept swept;
  if (messages_before.ms > 0) {
    TM_CO_TRY_ASSIGN(swept.rows, co_await DeleteMessages(work, room, messages_before));
  }
  if (swept.rows == kRowsMax) {
    swept.has_more = true;
    co_return swept;
  }
  TM_CO_TRY_ASSIGN(const std::size_t changes,
                   co_await work.Change(delete_changes_, {room.value(), changes_before.ms,
                                                          static_cast<std::int64_t>(kRowsMax)}));
  swept.rows += changes;
  swept.has_more = changes == kRowsMax;
  TM_CO_TRY_ASSIGN(
      const std::size_t bans,
      co_await work.Change(ended_bans_, {room.value(), work.now().ms, static_cast<std::int64_t>(kRowsMax)}));
  swept.rows += bans;
  swept.has_more = swept.has_more || bans == kRowsMax;
  const WallTime kept{work.now().ms - kRecordsKept.ms};
  for (const sql::Statement& statement : old_ones_) {
    TM_CO_TRY_ASSIGN(
        const std::size_t rows,
        co_await work.Change(statement, {room.value(), kept.ms, static_cast<std::int64_t>(kRowsMax)}));
    swept.rows += rows;
    swept.has_more = swept.has_more || rows == kRowsMax;
  }
  co_return swept;
}

Task<Outcome<Swept>> SqlRetention::SweepToEnd(WallTime now, Duration changes_max_age) {
  TM_CO_TRY_ASSIGN(const sql::Rows deleted, co_await context_.Read(find_deleted_, {}, 1));
  if (!deleted.empty()) {
    const RoomId room(Cells(deleted[0]).Integer());
    co_return co_await InTransaction<Swept>(context_,
                                            [this, room](Work& work) { return DoSweepDeleted(work, room); });
  }
  TM_CO_TRY_ASSIGN(const sql::Rows next, co_await context_.Read(find_next_, {position_.value()}, 1));
  if (next.empty()) {
    position_ = RoomId(0);
    co_return Swept{};
  }
  Cells cells(next[0]);
  const RoomId room(cells.Integer());
  const std::int64_t days = ReadSettings(cells.View()).retention_days;
  const WallTime messages_before{days > 0 ? now.ms - days * kDayMs : 0};
  const WallTime changes_before{now.ms - changes_max_age.ms};
  TM_CO_TRY_ASSIGN(Swept swept, co_await InTransaction<Swept>(
                                    context_, [this, room, messages_before, changes_before](Work& work) {
                                      return DoSweep(work, room, messages_before, changes_before);
                                    }));
  if (!swept.has_more) position_ = room;
  swept.has_more = true;
  co_return swept;
}

}  // namespace

std::unique_ptr<RetentionStore> MakeSqlRetention(SqlContext& context) {
  return std::make_unique<SqlRetention>(context);
}

}  // namespace tidemill::chat
