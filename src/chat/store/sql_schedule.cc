#include "chat/store/sql_schedule.h"

#include <algorithm>
#include <utility>

#include "chat/store/message_store.h"
#include "chat/store/room_work.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kProblemBytesMax = 1'000;

ScheduledMessage ScheduledOf(Cells& cells) {
  return {.id = ScheduledId(cells.Integer()),
          .room_id = RoomId(cells.Integer()),
          .user_id = cells.Text(),
          .text = cells.Text(),
          .at = cells.Time(),
          .created_at = cells.Time(),
          .thread_id = MessageId(cells.Integer()),
          .problem = cells.Text()};
}

Outcome<> CheckScheduledText(std::string_view text) {
  TM_TRY(CheckText(text, MessageStore::kTextBytesMax, "text"));
  if (text.empty()) return Refuse(Code::kInvalid, "a message needs a text", "text");
  return {};
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
  Task<Outcome<std::vector<ScheduledId>>> ListDue(WallTime now, std::size_t limit) override {
    limit = std::clamp<std::size_t>(limit, 1, kDueMax);
    TM_CO_TRY_ASSIGN(
        const sql::Rows rows,
        co_await context_.Read(list_due_, {now.ms, static_cast<std::int64_t>(limit), now.ms - kClaimedFor.ms},
                               limit));
    co_return chat::ListOf<ScheduledId>(rows, [](Cells& cells) { return ScheduledId(cells.Integer()); });
  }
  Task<Outcome<ScheduledMessage>> Update(ScheduledId id, std::string user, ScheduledPatch patch) override {
    return context_.ToEnd(InTransaction<ScheduledMessage>(
        context_, [this, id, user = std::move(user), patch = std::move(patch)](Work& work) {
          return DoUpdate(work, id, user, patch);
        }));
  }
  Task<Outcome<>> Cancel(ScheduledId id, std::string user) override {
    return context_.ToEnd(InTransaction<void>(
        context_, [this, id, user = std::move(user)](Work& work) { return DoCancel(work, id, user); }));
  }
  Task<Outcome<std::optional<ScheduledMessage>>> Claim(ScheduledId id) override {
    return context_.ToEnd(InTransaction<std::optional<ScheduledMessage>>(
        context_, [this, id](Work& work) { return DoClaim(work, id); }));
  }
  Task<Outcome<>> Release(ScheduledId id, std::string problem, WallTime again) override {
    return context_.ToEnd(ReleaseToEnd(id, std::move(problem), again));
  }
  Task<Outcome<bool>> Remove(ScheduledId id) override { return context_.ToEnd(RemoveToEnd(id)); }

 private:
  Task<Outcome<ScheduledMessage>> DoAdd(Work& work, ScheduledMessage message);
  Task<Outcome<ScheduledMessage>> DoUpdate(Work& work, ScheduledId id, std::string user,
                                           ScheduledPatch patch);
  Task<Outcome<>> DoCancel(Work& work, ScheduledId id, std::string user);
  Task<Outcome<std::optional<ScheduledMessage>>> DoClaim(Work& work, ScheduledId id);
  Task<Outcome<>> ReleaseToEnd(ScheduledId id, std::string problem, WallTime again);
  Task<Outcome<bool>> RemoveToEnd(ScheduledId id);
  // Locks that user's row, which nobody sends.
  Task<Outcome<ScheduledMessage>> FindOwn(Work& work, ScheduledId id, std::string user);
  Task<Outcome<std::vector<ScheduledMessage>>> ReadAll(sql::Statement statement, sql::Parameters parameters,
                                                       std::size_t limit) {
    TM_CO_TRY_ASSIGN(const sql::Rows rows,
                     co_await context_.Read(std::move(statement), std::move(parameters), limit));
    co_return chat::ListOf<ScheduledMessage>(rows, ScheduledOf);
  }

  SqlContext& context_;
  const sql::Statement find_member_ =
      context_.Make("select user_id from @member where room_id = $1 and user_id = $2");
  // So that two at a time, in whichever rooms, do not get over the limit.
  const sql::Statement lock_user_ = context_.Make("select id from @user where id = $1 FOR_UPDATE");
  const sql::Statement count_ = context_.Make("select count(*) from @scheduled where user_id = $1");
  const sql::Statement insert_ = context_.Make(
      "insert into @scheduled (id, room_id, user_id, text, at, created_at, thread_id) values ($1, $2, $3, "
      "$4, "
      "$5, $6, $7)");
  const sql::Statement list_of_ = context_.Make(
      "select id, room_id, user_id, text, at, created_at, thread_id, problem from @scheduled where user_id = "
      "$1 order by at, id");
  const sql::Statement lock_ = context_.Make(
      "select id, room_id, user_id, text, at, created_at, thread_id, problem, claimed_at from @scheduled "
      "where id = $1 FOR_UPDATE");
  const sql::Statement list_due_ = context_.Make(
      "select id from @scheduled where problem = '' and at <= $1 and claimed_at <= $3 order by at limit $2");
  const sql::Statement update_ =
      context_.Make("update @scheduled set text = $2, at = $3, problem = '' where id = $1");
  const sql::Statement claim_ = context_.Make("update @scheduled set claimed_at = $2 where id = $1");
  const sql::Statement release_ = context_.Make(
      "update @scheduled set claimed_at = 0, problem = $2, at = case when at < $3 then $3 else at end where "
      "id = "
      "$1");
  const sql::Statement remove_ = context_.Make("delete from @scheduled where id = $1");
};

Task<Outcome<ScheduledMessage>> SqlSchedule::DoAdd(Work& work, ScheduledMessage message) {
  TM_CO_TRY(CheckScheduledText(message.text));
  TM_CO_TRY_ASSIGN(const sql::Rows member,
                   co_await work.Run(find_member_, {message.room_id.value(), message.user_id}));
  if (member.empty()) co_return Refuse(Code::kNotFound, "there is no such room");
  TM_CO_TRY(co_await work.Run(lock_user_, {message.user_id}));
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(count_, {message.user_id}));
  if (Cells(rows[0]).Integer() >= static_cast<std::int64_t>(kScheduledMax))
    co_return Refuse(Code::kTooMany, "schedule 100 messages at most; cancel one first");
  message.id = context_.ids().Make<ScheduledId>();
  message.created_at = work.now();
  TM_CO_TRY(co_await work.Change(
      insert_, {message.id.value(), message.room_id.value(), message.user_id, message.text, message.at.ms,
                message.created_at.ms, message.thread_id.value()}));
  co_return message;
}

Task<Outcome<ScheduledMessage>> SqlSchedule::FindOwn(Work& work, ScheduledId id, std::string user) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(lock_, {id.value()}));
  if (rows.empty()) co_return Refuse(Code::kNotFound, "there is no such scheduled message");
  Cells cells(rows[0]);
  ScheduledMessage found = ScheduledOf(cells);
  if (found.user_id != user) co_return Refuse(Code::kNotFound, "there is no such scheduled message");
  if (cells.Integer() != 0) co_return Refuse(Code::kConflict, "it is being sent");
  co_return found;
}

Task<Outcome<ScheduledMessage>> SqlSchedule::DoUpdate(Work& work, ScheduledId id, std::string user,
                                                      ScheduledPatch patch) {
  if (patch.text) TM_CO_TRY(CheckScheduledText(*patch.text));
  TM_CO_TRY_ASSIGN(ScheduledMessage found, co_await FindOwn(work, id, std::move(user)));
  if (patch.text) found.text = *std::move(patch.text);
  found.at = patch.at.value_or(found.at);
  found.problem.clear();
  TM_CO_TRY(co_await work.Change(update_, {id.value(), found.text, found.at.ms}));
  co_return found;
}

Task<Outcome<>> SqlSchedule::DoCancel(Work& work, ScheduledId id, std::string user) {
  TM_CO_TRY(co_await FindOwn(work, id, std::move(user)));
  TM_CO_TRY(co_await work.Change(remove_, {id.value()}));
  co_return Outcome<>{};
}

Task<Outcome<std::optional<ScheduledMessage>>> SqlSchedule::DoClaim(Work& work, ScheduledId id) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(lock_, {id.value()}));
  if (rows.empty()) co_return std::nullopt;
  Cells cells(rows[0]);
  ScheduledMessage found = ScheduledOf(cells);
  const bool is_claimed = cells.Integer() > work.now().ms - kClaimedFor.ms;
  if (found.at > work.now() || !found.problem.empty() || is_claimed) co_return std::nullopt;
  TM_CO_TRY(co_await work.Change(claim_, {id.value(), work.now().ms}));
  co_return found;
}

Task<Outcome<>> SqlSchedule::ReleaseToEnd(ScheduledId id, std::string problem, WallTime again) {
  TM_CO_TRY(CheckText(problem, kProblemBytesMax, "problem"));
  TM_CO_TRY(co_await context_.Change(release_, {id.value(), std::move(problem), again.ms}));
  co_return Outcome<>{};
}

Task<Outcome<bool>> SqlSchedule::RemoveToEnd(ScheduledId id) {
  TM_CO_TRY_ASSIGN(const std::size_t removed, co_await context_.Change(remove_, {id.value()}));
  co_return removed > 0;
}

}  // namespace

std::unique_ptr<ScheduleStore> MakeSqlSchedule(SqlContext& context) {
  return std::make_unique<SqlSchedule>(context);
}

}  // namespace tidemill::chat
