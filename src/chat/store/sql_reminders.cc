#include "chat/store/sql_reminders.h"

#include <algorithm>
#include <utility>

#include "chat/store/room_work.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

Reminder ReminderOf(Cells& cells) {
  return {.id = ReminderId(cells.Integer()),
          .user_id = cells.Text(),
          .room_id = RoomId(cells.Integer()),
          .message_id = MessageId(cells.Integer()),
          .note = cells.Text(),
          .at = cells.Time(),
          .created_at = cells.Time(),
          .told_at = cells.OptionalTime()};
}

class SqlReminders final : public ReminderStore {
 public:
  explicit SqlReminders(SqlContext& context) : context_(context) {}

  Task<Outcome<Reminder>> Add(Reminder reminder) override {
    return context_.ToEnd(InTransaction<Reminder>(
        context_, [this, reminder = std::move(reminder)](Work& work) { return DoAdd(work, reminder); }));
  }
  Task<Outcome<std::vector<Reminder>>> ListOf(std::string user) override {
    co_return co_await ReadAll(list_of_, {std::move(user)}, kRemindersMax);
  }
  Task<Outcome<std::vector<Reminder>>> ListDue(WallTime now, std::size_t limit) override {
    limit = std::clamp<std::size_t>(limit, 1, kDueMax);
    co_return co_await ReadAll(list_due_, {now.ms, static_cast<std::int64_t>(limit)}, limit);
  }
  Task<Outcome<bool>> SetTold(ReminderId id, WallTime at) override {
    return context_.ToEnd(SetToldToEnd(id, at));
  }
  Task<Outcome<>> Remove(ReminderId id, std::string user) override {
    return context_.ToEnd(RemoveToEnd(id, std::move(user)));
  }

 private:
  Task<Outcome<Reminder>> DoAdd(Work& work, Reminder reminder);
  Task<Outcome<bool>> SetToldToEnd(ReminderId id, WallTime at) {
    TM_CO_TRY_ASSIGN(const std::size_t changed, co_await context_.Change(set_told_, {id.value(), at.ms}));
    co_return changed > 0;
  }
  Task<Outcome<>> RemoveToEnd(ReminderId id, std::string user) {
    TM_CO_TRY_ASSIGN(const std::size_t removed,
                     co_await context_.Change(remove_, {id.value(), std::move(user)}));
    if (removed == 0) co_return Refuse(Code::kNotFound, "there is no such reminder");
    co_return Outcome<>{};
  }
  Task<Outcome<std::vector<Reminder>>> ReadAll(sql::Statement statement, sql::Parameters parameters,
                                               std::size_t limit) {
    TM_CO_TRY_ASSIGN(const sql::Rows rows,
                     co_await context_.Read(std::move(statement), std::move(parameters), limit));
    co_return chat::ListOf<Reminder>(rows, ReminderOf);
  }

  SqlContext& context_;
  // So that two at a time do not get over the limit.
  const sql::Statement lock_user_ = context_.Make("select id from @user where id = $1 FOR_UPDATE");
  const sql::Statement count_ = context_.Make("select count(*) from @reminder where user_id = $1");
  const sql::Statement insert_ = context_.Make(
      "insert into @reminder (id, user_id, room_id, message_id, note, at, created_at) values ($1, $2, $3, "
      "$4, "
      "$5, $6, $7)");
  const sql::Statement list_of_ = context_.Make(
      "select id, user_id, room_id, message_id, note, at, created_at, told_at from @reminder where user_id = "
      "$1 order by at, id");
  const sql::Statement list_due_ = context_.Make(
      "select id, user_id, room_id, message_id, note, at, created_at, told_at from @reminder where told_at = "
      "0 and at <= $1 order by at limit $2");
  const sql::Statement set_told_ =
      context_.Make("update @reminder set told_at = $2 where id = $1 and told_at = 0");
  const sql::Statement remove_ = context_.Make("delete from @reminder where id = $1 and user_id = $2");
};

Task<Outcome<Reminder>> SqlReminders::DoAdd(Work& work, Reminder reminder) {
  TM_CO_TRY(CheckText(reminder.note, kNoteBytesMax, "note"));
  TM_CO_TRY(co_await work.Run(lock_user_, {reminder.user_id}));
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(count_, {reminder.user_id}));
  if (Cells(rows[0]).Integer() >= static_cast<std::int64_t>(kRemindersMax))
    co_return Refuse(Code::kTooMany, "keep 100 reminders at most; remove one first");
  reminder.id = context_.ids().Make<ReminderId>();
  reminder.created_at = work.now();
  TM_CO_TRY(co_await work.Change(
      insert_, {reminder.id.value(), reminder.user_id, reminder.room_id.value(), reminder.message_id.value(),
                reminder.note, reminder.at.ms, reminder.created_at.ms}));
  co_return reminder;
}

}  // namespace

std::unique_ptr<ReminderStore> MakeSqlReminders(SqlContext& context) {
  return std::make_unique<SqlReminders>(context);
}

}  // namespace tidemill::chat
