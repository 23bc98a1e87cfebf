#include "chat/store/sql_schedule.h"

#include <algorithm>
#include <utility>

#include "chat/store/message_store.h"
#include "chat/store/room_work.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kListedMax = 500;

ScheduledMessage ScheduledOf(Cells& cells) {
  return {.id = ScheduledId(cells.Integer()),
          .room_id = RoomId(cells.Integer()),
          .user_id = cells.Text(),
          .text = cells.Text(),
          .at = cells.Time(),
          .created_at = cells.Time()};
}

class SqlSchedule final : public ScheduleStore {
 public:
  explicit SqlSchedule(SqlContext& context) : context_(context) {}

  Task<Outcome<ScheduledMessage>> Add(ScheduledMessage message) override {
    return context_.ToEnd(InTransaction<ScheduledMessage>(
        context_, [this, message = std::move(message)](Work& work) { return DoAdd(work, message); }));
  }
  Task<Outcome<std::vector<ScheduledMessage>>> ListOf(std::string user) override {
    co_return co_await ReadAll(list_of_, {std::move(user)}, kScheduledMax);
  }
  Task<Outcome<std::optional<ScheduledMessage>>> Find(ScheduledId id) override {
    TM_CO_TRY_ASSIGN(std::vector<ScheduledMessage> found, co_await ReadAll(find_, {id.value()}, 1));
    if (found.empty()) co_return std::nullopt;
    co_return std::move(found.front());
  }
  Task<Outcome<std::vector<ScheduledMessage>>> ListDue(WallTime now, std::size_t limit) override {
    limit = std::clamp<std::size_t>(limit, 1, kListedMax);
    co_return co_await ReadAll(list_due_, {now.ms, static_cast<std::int64_t>(limit)}, limit);
  }
  Task<Outcome<bool>> Remove(ScheduledId id, std::string user) override {
    return context_.ToEnd(RemoveToEnd(id, std::move(user)));
  }

 private:
  Task<Outcome<ScheduledMessage>> DoAdd(Work& work, ScheduledMessage message);
  Task<Outcome<bool>> RemoveToEnd(ScheduledId id, std::string user) {
    TM_CO_TRY_ASSIGN(const std::size_t removed,
                     co_await context_.Change(remove_, {id.value(), std::move(user)}));
    co_return removed > 0;
  }
  Task<Outcome<std::vector<ScheduledMessage>>> ReadAll(sql::Statement statement, sql::Parameters parameters,
                                                       std::size_t limit) {
    TM_CO_TRY_ASSIGN(const sql::Rows rows,
                     co_await context_.Read(std::move(statement), std::move(parameters), limit));
    co_return chat::ListOf<ScheduledMessage>(rows, ScheduledOf);
  }

  SqlContext& context_;
  // Whoever schedules is locked, so that two at a time do not get over the limit.
  const sql::Statement lock_member_ =
      context_.Make("select user_id from @member where room_id = $1 and user_id = $2 FOR_UPDATE");
  const sql::Statement count_ = context_.Make("select count(*) from @scheduled where user_id = $1");
  const sql::Statement insert_ = context_.Make(
      "insert into @scheduled (id, room_id, user_id, text, at, created_at) values ($1, $2, $3, $4, $5, $6)");
  const sql::Statement list_of_ = context_.Make(
      "select id, room_id, user_id, text, at, created_at from @scheduled where user_id = $1 order by at, id");
  const sql::Statement find_ =
      context_.Make("select id, room_id, user_id, text, at, created_at from @scheduled where id = $1");
  const sql::Statement list_due_ = context_.Make(
      "select id, room_id, user_id, text, at, created_at from @scheduled where at <= $1 order by at limit "
      "$2");
  const sql::Statement remove_ = context_.Make(
      "delete from @scheduled where id = $1 and (cast($2 as text) = '' or user_id = cast($2 as text))");
};

Task<Outcome<ScheduledMessage>> SqlSchedule::DoAdd(Work& work, ScheduledMessage message) {
  TM_CO_TRY(CheckText(message.text, MessageStore::kTextBytesMax, "text"));
  if (message.text.empty()) co_return Refuse(Code::kInvalid, "a message needs a text", "text");
  TM_CO_TRY_ASSIGN(const sql::Rows member,
                   co_await work.Run(lock_member_, {message.room_id.value(), message.user_id}));
  if (member.empty()) co_return Refuse(Code::kNotFound, "there is no such room");
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(count_, {message.user_id}));
  if (Cells(rows[0]).Integer() >= static_cast<std::int64_t>(kScheduledMax))
    co_return Refuse(Code::kTooMany, "schedule 100 messages at most; remove one first");
  message.id = context_.ids().Make<ScheduledId>();
  message.created_at = work.now();
  TM_CO_TRY(co_await work.Change(insert_, {message.id.value(), message.room_id.value(), message.user_id,
                                           message.text, message.at.ms, message.created_at.ms}));
  co_return message;
}

}  // namespace

std::unique_ptr<ScheduleStore> MakeSqlSchedule(SqlContext& context) {
  return std::make_unique<SqlSchedule>(context);
}

}  // namespace tidemill::chat
