#include "chat/store/sql_moderation.h"

#include <algorithm>
#include <utility>

#include "chat/store/json.h"
#include "chat/store/page_cursor.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kPageMax = 200;
constexpr std::size_t kAuditBytesMax = 8 << 10;

Ban BanOf(Cells& cells) {
  return {.room_id = RoomId(cells.Integer()),
          .user_id = cells.Text(),
          .until = cells.OptionalTime(),
          .reason = cells.Text(),
          .banned_by = cells.Text(),
          .created_at = cells.Time()};
}
Flag FlagOf(Cells& cells) {
  return {.id = FlagId(cells.Integer()),
          .room_id = RoomId(cells.Integer()),
          .message_id = MessageId(cells.Integer()),
          .user_id = cells.Text(),
          .reason = cells.Text(),
          .created_at = cells.Time(),
          .resolved_by = cells.Text()};
}
AuditEntry AuditOf(Cells& cells) {
  return {.id = cells.Integer(),
          .at = cells.Time(),
          .room_id = RoomId(cells.Integer()),
          .actor = cells.Text(),
          .action = cells.Text(),
          .target = cells.Text(),
          .detail = cells.Text()};
}

// Whether who acts reaches over that member.
Outcome<> CheckRank(const RoomWork& room, const Acting& acting, const Member& member) {
  if (acting.by_workspace_role || (room.actor() && StandsAbove(room.actor()->role, member.role))) return {};
  return Refuse(Code::kForbidden, "your role in this room does not reach over this member's");
}

class SqlModeration final : public ModerationStore {
 public:
  SqlModeration(SqlContext& context, const RoomStatements& rooms, SqlMembers& members)
      : context_(context), rooms_(rooms), members_(members) {}

  using RemovedMember = SqlMembers::RemovedMember;

  Task<Outcome<Changed<Member>>> Mute(Acting acting, RoomId room, std::string user,
                                      std::optional<WallTime> until) override {
    return SetMuted(std::move(acting), room, std::move(user), until.value_or(kForEver));
  }
  Task<Outcome<Changed<Member>>> Unmute(Acting acting, RoomId room, std::string user) override {
    return SetMuted(std::move(acting), room, std::move(user), WallTime{});
  }
  Task<Outcome<RemovedMember>> AddBan(Acting acting, Ban ban) override {
    return context_.ToEnd(InTransaction<RemovedMember>(
        context_, [this, acting = std::move(acting), ban = std::move(ban)](Work& work) {
          return DoAddBan(work, acting, ban);
        }));
  }
  Task<Outcome<>> RemoveBan(Acting acting, RoomId room, std::string user) override {
    return context_.ToEnd(InTransaction<void>(
        context_, [this, acting = std::move(acting), room, user = std::move(user)](Work& work) {
          return DoRemoveBan(work, acting, room, user);
        }));
  }
  Task<Outcome<std::vector<Ban>>> ListBans(RoomId room, std::size_t limit) override;

  Task<Outcome<Flag>> AddFlag(Acting acting, MessageId message, std::string reason) override {
    return context_.ToEnd(InTransaction<Flag>(
        context_, [this, acting = std::move(acting), message, reason = std::move(reason)](Work& work) {
          return DoAddFlag(work, acting, message, reason);
        }));
  }
  Task<Outcome<PageOf<Flag>>> ListOpenFlags(std::string cursor, std::size_t limit) override;
  Task<Outcome<>> ResolveFlag(FlagId flag, std::string by) override {
    return context_.ToEnd(DoResolveFlag(flag, std::move(by)));
  }

  Task<Outcome<>> AddAudit(AuditEntry entry) override { return context_.ToEnd(DoAddAudit(std::move(entry))); }
  Task<Outcome<PageOf<AuditEntry>>> ListAudit(std::string cursor, std::size_t limit) override;

 private:
  Task<Outcome<Changed<Member>>> SetMuted(Acting acting, RoomId room, std::string user, WallTime until);
  Task<Outcome<Changed<Member>>> DoSetMuted(Work& work, Acting acting, RoomId id, std::string user,
                                            WallTime until);
  Task<Outcome<RemovedMember>> DoAddBan(Work& work, Acting acting, Ban ban);
  Task<Outcome<>> DoRemoveBan(Work& work, Acting acting, RoomId id, std::string user);
  Task<Outcome<Flag>> DoAddFlag(Work& work, Acting acting, MessageId message, std::string reason);
  Task<Outcome<>> DoResolveFlag(FlagId flag, std::string by);
  Task<Outcome<>> DoAddAudit(AuditEntry entry);

  SqlContext& context_;
  const RoomStatements& rooms_;
  SqlMembers& members_;
  const sql::Statement set_muted_ =
      context_.Make("update @member set muted_until = $3 where room_id = $1 and user_id = $2");
  const sql::Statement insert_ban_ = context_.Make(
      "insert into @ban (room_id, user_id, until, reason, banned_by, created_at) values ($1, $2, $3, $4, $5, "
      "$6) "
      "on conflict (room_id, user_id) do update set until = excluded.until, reason = excluded.reason, "
      "banned_by "
      "= excluded.banned_by, created_at = excluded.created_at");
  const sql::Statement delete_ban_ = context_.Make("delete from @ban where room_id = $1 and user_id = $2");
  const sql::Statement list_bans_ = context_.Make(
      "select room_id, user_id, until, reason, banned_by, created_at from @ban where room_id = $1 order by "
      "user_id limit $2");
  const sql::Statement find_message_ =
      context_.Make("select room_id from @message where id = $1 and deleted_at = 0");
  const sql::Statement insert_flag_ = context_.Make(
      "insert into @flag (id, room_id, message_id, user_id, reason, created_at) values ($1, $2, $3, $4, $5, "
      "$6) "
      "on conflict (message_id, user_id) do nothing");
  const sql::Statement find_flag_ = context_.Make(
      "select id, room_id, message_id, user_id, reason, created_at, resolved_by from @flag where message_id "
      "= $1 "
      "and user_id = $2");
  const sql::Statement list_flags_ = context_.Make(
      "select id, room_id, message_id, user_id, reason, created_at, resolved_by from @flag where resolved_by "
      "= '' "
      "and id < $1 order by id desc limit $2");
  const sql::Statement resolve_flag_ =
      context_.Make("update @flag set resolved_by = $2 where id = $1 and resolved_by = ''");
  const sql::Statement insert_audit_ = context_.Make(
      "insert into @audit (id, at, room_id, actor, action, target, detail) values ($1, $2, $3, $4, $5, $6, "
      "$7)");
  const sql::Statement list_audit_ = context_.Make(
      "select id, at, room_id, actor, action, target, detail from @audit where id < $1 order by id desc "
      "limit $2");
};

Task<Outcome<Changed<Member>>> SqlModeration::SetMuted(Acting acting, RoomId room, std::string user,
                                                       WallTime until) {
  return context_.ToEnd(InTransaction<Changed<Member>>(
      context_, [this, acting = std::move(acting), room, user = std::move(user), until](Work& work) {
        return DoSetMuted(work, acting, room, user, until);
      }));
}

Task<Outcome<Changed<Member>>> SqlModeration::DoSetMuted(Work& work, Acting acting, RoomId id,
                                                         std::string user, WallTime until) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kRefuse));
  TM_CO_TRY_ASSIGN(std::optional<Member> member, co_await room.FindFull(user));
  if (!member) co_return Refuse(Code::kNotFound, "there is no such member");
  TM_CO_TRY(CheckRank(room, acting, *member));
  if (member->muted_until.value_or(WallTime{}) == until) co_return Changed<Member>{.value = *member};
  member->muted_until = until.ms == 0 ? std::nullopt : std::optional(until);
  TM_CO_TRY(co_await work.Change(set_muted_, {id.value(), std::move(user), until.ms}));
  const Version version = room.NextVersion();
  room.AddChange(version, "member.updated", ToJsonUnder("member", *member));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kCounts));
  co_return Changed<Member>{.value = *member, .changes = room.TakeChanges()};
}

Task<Outcome<SqlModeration::RemovedMember>> SqlModeration::DoAddBan(Work& work, Acting acting, Ban ban) {
  TM_CO_TRY(CheckText(ban.reason, kReasonBytesMax, "reason"));
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(ban.room_id, acting, WhenArchived::kRefuse));
  if (room.room().type == RoomType::kDirect || room.room().type == RoomType::kGroup)
    co_return Refuse(Code::kInvalid, "the people of a direct room stay as they are");
  TM_CO_TRY_ASSIGN(const std::optional<Member> member, co_await room.FindFull(ban.user_id));
  if (member) {
    TM_CO_TRY(CheckRank(room, acting, *member));
    TM_CO_TRY(co_await members_.TakeOut(room, ban.user_id));
    TM_CO_TRY(co_await room.Save(RoomWork::Saves::kAll));
  }
  TM_CO_TRY(
      co_await work.Change(insert_ban_, {ban.room_id.value(), ban.user_id, ban.until.value_or(WallTime{}).ms,
                                         ban.reason, ban.banned_by, work.now().ms}));
  co_return RemovedMember{.value = member, .changes = room.TakeChanges()};
}

Task<Outcome<>> SqlModeration::DoRemoveBan(Work& work, Acting acting, RoomId id, std::string user) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, std::move(acting), WhenArchived::kGoOn));
  TM_CO_TRY_ASSIGN(const std::size_t removed,
                   co_await work.Change(delete_ban_, {id.value(), std::move(user)}));
  if (removed == 0) co_return Refuse(Code::kNotFound, "this person is not banned here");
  co_return Outcome<>{};
}

Task<Outcome<std::vector<Ban>>> SqlModeration::ListBans(RoomId room, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kPageMax);
  TM_CO_TRY_ASSIGN(
      const sql::Rows rows,
      co_await context_.Read(list_bans_, {room.value(), static_cast<std::int64_t>(limit)}, limit));
  co_return ListOf<Ban>(rows, BanOf);
}

Task<Outcome<Flag>> SqlModeration::DoAddFlag(Work& work, Acting acting, MessageId message,
                                             std::string reason) {
  TM_CO_TRY(CheckText(reason, kReasonBytesMax, "reason"));
  TM_CO_TRY_ASSIGN(const sql::Rows found, co_await work.Run(find_message_, {message.value()}));
  if (found.empty()) co_return Refuse(Code::kNotFound, "there is no such message");
  const RoomId id(Cells(found[0]).Integer());
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kGoOn));
  TM_CO_TRY(
      co_await work.Change(insert_flag_, {context_.ids().Make<FlagId>().value(), id.value(), message.value(),
                                          acting.user, std::move(reason), work.now().ms}));
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(find_flag_, {message.value(), acting.user}));
  if (rows.empty()) co_return Refuse(Code::kInternal, "the flag is not there");
  Cells cells(rows[0]);
  co_return FlagOf(cells);
}

Task<Outcome<PageOf<Flag>>> SqlModeration::ListOpenFlags(std::string cursor, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kPageMax);
  TM_CO_TRY_ASSIGN(const std::int64_t below, ParseNumberCursor(cursor));
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(list_flags_, {below, static_cast<std::int64_t>(limit)}, limit));
  PageOf<Flag> page{.items = ListOf<Flag>(rows, FlagOf), .cursor = {}};
  if (page.items.size() == limit) page.cursor = CursorOf(page.items.back().id.value());
  co_return page;
}

Task<Outcome<>> SqlModeration::DoResolveFlag(FlagId flag, std::string by) {
  TM_CO_TRY_ASSIGN(const std::size_t resolved,
                   co_await context_.Change(resolve_flag_, {flag.value(), std::move(by)}));
  if (resolved == 0) co_return Refuse(Code::kNotFound, "there is no such open flag");
  co_return Outcome<>{};
}

Task<Outcome<>> SqlModeration::DoAddAudit(AuditEntry entry) {
  TM_CO_TRY(CheckText(entry.target, kAuditBytesMax, "target"));
  TM_CO_TRY(CheckText(entry.detail, kAuditBytesMax, "detail"));
  TM_CO_TRY(co_await context_.Change(
      insert_audit_, {context_.ids().Make<FlagId>().value(), context_.now().ms, entry.room_id.value(),
                      entry.actor, entry.action, entry.target, entry.detail}));
  co_return Outcome<>{};
}

Task<Outcome<PageOf<AuditEntry>>> SqlModeration::ListAudit(std::string cursor, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kPageMax);
  TM_CO_TRY_ASSIGN(const std::int64_t below, ParseNumberCursor(cursor));
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(list_audit_, {below, static_cast<std::int64_t>(limit)}, limit));
  PageOf<AuditEntry> page{.items = ListOf<AuditEntry>(rows, AuditOf), .cursor = {}};
  if (page.items.size() == limit) page.cursor = CursorOf(page.items.back().id);
  co_return page;
}

}  // namespace

std::unique_ptr<ModerationStore> MakeSqlModeration(SqlContext& context, const RoomStatements& rooms,
                                                   SqlMembers& members) {
  return std::make_unique<SqlModeration>(context, rooms, members);
}

}  // namespace tidemill::chat
