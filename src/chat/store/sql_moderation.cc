#include "chat/store/sql_moderation.h"

#include <algorithm>
#include <utility>

#include "chat/store/json.h"
#include "chat/store/page_cursor.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kBansPageMax = 200;
constexpr std::size_t kPageMax = 100;

// Where $2 moderates; $3: by their role in the workspace. $1: what the page begins behind, $4: its length.
constexpr std::string_view kModerated =
    " and (m.role >= 2 or (cast($3 as bigint) = 1 and r.type < 2 and (r.is_private = 0 or m.user_id is not "
    "null)))";
constexpr std::string_view kListFlags =
    "select f.id, f.room_id, f.message_id, f.user_id, f.reason, f.created_at, f.resolved_by, MESSAGE_COLUMNS "
    "from @flag f join @message g on g.id = f.message_id join @room r on r.id = f.room_id and r.deleted_at = "
    "0 left join @member m on m.room_id = f.room_id and m.user_id = $2 where f.resolved_by = '' and f.id < "
    "$1";
constexpr std::string_view kListAudit =
    "select a.id, a.at, a.room_id, a.actor, a.action, a.target, a.detail from @audit a join @room r on r.id "
    "= a.room_id left join @member m on m.room_id = a.room_id and m.user_id = $2 where a.id < $1";

std::string Moderated(std::string_view select, std::string_view of_room, std::string_view order) {
  return std::string(select) + std::string(of_room) + std::string(kModerated) + std::string(order);
}

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
  return {.id = AuditId(cells.Integer()),
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
Outcome<> CheckTarget(const Acting& acting, const User& user) {
  if (user.id == acting.user) return Refuse(Code::kInvalid, "nobody does that to themselves", "user_id");
  if (user.role < WorkspaceRole::kAdmin) return {};
  return Refuse(Code::kForbidden, "admins and owners of the workspace are neither muted nor banned");
}

std::string UntilJson(const std::optional<WallTime>& until, std::string_view reason) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Key("until");
  until ? json.Integer(until->ms) : json.Null();
  if (!reason.empty()) json.Member("reason", reason);
  json.EndObject();
  return text;
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
  Task<Outcome<PageOf<Ban>>> ListBans(RoomId room, std::string cursor, std::size_t limit) override;
  Task<Outcome<std::vector<std::string>>> ListModerators(RoomId room) override;

  Task<Outcome<Flag>> AddFlag(Acting acting, MessageId message, std::string reason) override {
    return context_.ToEnd(InTransaction<Flag>(
        context_, [this, acting = std::move(acting), message, reason = std::move(reason)](Work& work) {
          return DoAddFlag(work, acting, message, reason);
        }));
  }
  Task<Outcome<PageOf<FlaggedMessage>>> ListOpenFlags(ModerationQuery query) override;
  Task<Outcome<std::optional<Flag>>> FindFlag(FlagId flag) override;
  Task<Outcome<>> ResolveFlag(Acting acting, FlagId flag) override {
    return context_.ToEnd(InTransaction<void>(context_, [this, acting = std::move(acting), flag](Work& work) {
      return DoResolveFlag(work, acting, flag);
    }));
  }
  Task<Outcome<PageOf<AuditEntry>>> ListAudit(ModerationQuery query) override;

 private:
  Task<Outcome<Changed<Member>>> SetMuted(Acting acting, RoomId room, std::string user, WallTime until);
  Task<Outcome<Changed<Member>>> DoSetMuted(Work& work, Acting acting, RoomId id, std::string user,
                                            WallTime until);
  Task<Outcome<RemovedMember>> DoAddBan(Work& work, Acting acting, Ban ban);
  Task<Outcome<>> DoRemoveBan(Work& work, Acting acting, RoomId id, std::string user);
  Task<Outcome<Flag>> DoAddFlag(Work& work, Acting acting, MessageId message, std::string reason);
  Task<Outcome<>> DoResolveFlag(Work& work, Acting acting, FlagId flag);
  // The rows of one of two statements: of all rooms, or of the query's.
  Task<Outcome<sql::Rows>> ReadPage(const sql::Statement& all, const sql::Statement& of_room,
                                    ModerationQuery query);
  Task<Outcome<>> Audit(RoomWork& room, const Acting& acting, std::string_view action, std::string target,
                        std::string detail = {}) {
    return room.Audit(context_.ids().Make<AuditId>(), acting.user, action, std::move(target),
                      std::move(detail));
  }

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
  const sql::Statement count_bans_ = context_.Make("select count(*) from @ban where room_id = $1");
  const sql::Statement list_bans_ = context_.Make(
      "select room_id, user_id, until, reason, banned_by, created_at from @ban where room_id = $1 and "
      "user_id "
      "> $2 order by user_id limit $3");
  const sql::Statement list_moderators_ =
      context_.Make("select user_id from @member where room_id = $1 and role >= 2 order by user_id limit $2");
  const sql::Statement find_message_ =
      context_.Make("select room_id from @message where id = $1 and deleted_at = 0");
  const sql::Statement count_flags_ = context_.Make(
      "select count(*) from (select 1 from @flag where room_id = $1 and resolved_by = '' limit $2) x");
  const sql::Statement insert_flag_ = context_.Make(
      "insert into @flag (id, room_id, message_id, user_id, reason, created_at) values ($1, $2, $3, $4, $5, "
      "$6) on conflict (message_id, user_id) do nothing");
  const sql::Statement find_flag_of_ = context_.Make(
      "select id, room_id, message_id, user_id, reason, created_at, resolved_by from @flag where message_id "
      "= $1 and user_id = $2");
  const sql::Statement find_flag_ = context_.Make(
      "select id, room_id, message_id, user_id, reason, created_at, resolved_by from @flag where id = $1");
  const sql::Statement resolve_flag_ =
      context_.Make("update @flag set resolved_by = $2 where id = $1 and resolved_by = ''");
  const sql::Statement list_flags_ = context_.Make(Moderated(kListFlags, "", " order by f.id desc limit $4"));
  const sql::Statement list_flags_of_room_ =
      context_.Make(Moderated(kListFlags, " and f.room_id = $5", " order by f.id desc limit $4"));
  const sql::Statement list_audit_ = context_.Make(Moderated(kListAudit, "", " order by a.id desc limit $4"));
  const sql::Statement list_audit_of_room_ =
      context_.Make(Moderated(kListAudit, " and a.room_id = $5", " order by a.id desc limit $4"));
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
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kGoOn));
  TM_CO_TRY_ASSIGN(std::optional<Member> member, co_await room.FindFull(user));
  if (!member) co_return Refuse(Code::kNotFound, "there is no such member");
  TM_CO_TRY(CheckTarget(acting, member->user));
  TM_CO_TRY(CheckRank(room, acting, *member));
  if (member->muted_until.value_or(WallTime{}) == until) co_return Changed<Member>{.value = *member};
  const bool mutes = until.ms != 0;
  member->muted_until = mutes ? std::optional(until) : std::nullopt;
  TM_CO_TRY(co_await work.Change(set_muted_, {id.value(), user, until.ms}));
  const Version version = room.NextVersion();
  room.AddChange(version, "member.updated", ToJsonUnder("member", *member));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kCounts));
  const std::optional<WallTime> ends = until < kForEver ? member->muted_until : std::nullopt;
  TM_CO_TRY(co_await Audit(room, acting, mutes ? "member.muted" : "member.unmuted", std::move(user),
                           mutes ? UntilJson(ends, "") : ""));
  co_return Changed<Member>{.value = *member, .changes = room.TakeChanges()};
}

Task<Outcome<SqlModeration::RemovedMember>> SqlModeration::DoAddBan(Work& work, Acting acting, Ban ban) {
  TM_CO_TRY(CheckText(ban.reason, kReasonBytesMax, "reason"));
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(ban.room_id, acting, WhenArchived::kGoOn));
  if (room.room().type == RoomType::kDirect || room.room().type == RoomType::kGroup)
    co_return Refuse(Code::kInvalid, "the people of a direct room stay as they are");
  std::vector<std::string> named;
  named.push_back(ban.user_id);
  TM_CO_TRY_ASSIGN(const std::vector<User> users, co_await members_.FindUsers(work, std::move(named)));
  TM_CO_TRY(CheckTarget(acting, users.front()));
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(count_bans_, {ban.room_id.value()}));
  if (Cells(rows[0]).Integer() >= static_cast<std::int64_t>(kBansMax))
    co_return Refuse(Code::kTooMany, "a room has 10,000 bans at most; lift some that have ended");
  TM_CO_TRY_ASSIGN(const std::optional<Member> member, co_await room.FindFull(ban.user_id));
  if (member) {
    TM_CO_TRY(CheckRank(room, acting, *member));
    TM_CO_TRY(co_await members_.TakeOut(room, ban.user_id));
    TM_CO_TRY(co_await room.Save(RoomWork::Saves::kAll));
  }
  TM_CO_TRY(
      co_await work.Change(insert_ban_, {ban.room_id.value(), ban.user_id, ban.until.value_or(WallTime{}).ms,
                                         ban.reason, acting.user, work.now().ms}));
  TM_CO_TRY(co_await Audit(room, acting, "member.banned", ban.user_id, UntilJson(ban.until, ban.reason)));
  co_return RemovedMember{.value = member, .changes = room.TakeChanges()};
}

Task<Outcome<>> SqlModeration::DoRemoveBan(Work& work, Acting acting, RoomId id, std::string user) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kGoOn));
  TM_CO_TRY_ASSIGN(const std::size_t removed, co_await work.Change(delete_ban_, {id.value(), user}));
  if (removed == 0) co_return Refuse(Code::kNotFound, "this person is not banned here", "user_id");
  co_return co_await Audit(room, acting, "member.unbanned", std::move(user));
}

Task<Outcome<PageOf<Ban>>> SqlModeration::ListBans(RoomId room, std::string cursor, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kBansPageMax);
  TM_CO_TRY_ASSIGN(PagePosition after, ParseCursor(cursor));
  TM_CO_TRY_ASSIGN(
      const sql::Rows rows,
      co_await context_.Read(list_bans_,
                             {room.value(), std::move(after.id), static_cast<std::int64_t>(limit)}, limit));
  PageOf<Ban> page{.items = ListOf<Ban>(rows, BanOf), .cursor = {}};
  if (page.items.size() == limit)
    page.cursor = CursorOf(PagePosition{.key = {}, .id = page.items.back().user_id});
  co_return page;
}

Task<Outcome<std::vector<std::string>>> SqlModeration::ListModerators(RoomId room) {
  TM_CO_TRY_ASSIGN(
      const sql::Rows rows,
      co_await context_.Read(list_moderators_, {room.value(), static_cast<std::int64_t>(kModeratorsMax)},
                             kModeratorsMax));
  std::vector<std::string> users;
  for (std::size_t i = 0; i < rows.size(); ++i) users.emplace_back(rows[i][0].text);
  co_return users;
}

Task<Outcome<Flag>> SqlModeration::DoAddFlag(Work& work, Acting acting, MessageId message,
                                             std::string reason) {
  TM_CO_TRY(CheckText(reason, kReasonBytesMax, "reason"));
  TM_CO_TRY_ASSIGN(const sql::Rows found, co_await work.Run(find_message_, {message.value()}));
  if (found.empty()) co_return Refuse(Code::kNotFound, "there is no such message");
  const RoomId id(Cells(found[0]).Integer());
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kGoOn));
  TM_CO_TRY_ASSIGN(const sql::Rows open,
                   co_await work.Run(count_flags_, {id.value(), static_cast<std::int64_t>(kOpenFlagsMax)}));
  if (Cells(open[0]).Integer() >= static_cast<std::int64_t>(kOpenFlagsMax))
    co_return Refuse(Code::kTooMany, "1,000 flags are open in this room: its moderators must resolve some");
  TM_CO_TRY(
      co_await work.Change(insert_flag_, {context_.ids().Make<FlagId>().value(), id.value(), message.value(),
                                          acting.user, std::move(reason), work.now().ms}));
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(find_flag_of_, {message.value(), acting.user}));
  if (rows.empty()) co_return Refuse(Code::kInternal, "the flag is not there");
  Cells cells(rows[0]);
  co_return FlagOf(cells);
}

Task<Outcome<sql::Rows>> SqlModeration::ReadPage(const sql::Statement& all, const sql::Statement& of_room,
                                                 ModerationQuery query) {
  TM_CO_TRY_ASSIGN(const std::int64_t below, ParseNumberCursor(query.cursor));
  sql::Parameters parameters{below, std::move(query.user), std::int64_t{query.by_workspace_role},
                             static_cast<std::int64_t>(query.limit)};
  const bool is_of_room = query.room.value() != 0;
  if (is_of_room) parameters.emplace_back(query.room.value());
  co_return co_await context_.Read(is_of_room ? of_room : all, std::move(parameters), query.limit);
}

Task<Outcome<PageOf<FlaggedMessage>>> SqlModeration::ListOpenFlags(ModerationQuery query) {
  query.limit = std::clamp<std::size_t>(query.limit, 1, kPageMax);
  const std::size_t limit = query.limit;
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await ReadPage(list_flags_, list_flags_of_room_, std::move(query)));
  PageOf<FlaggedMessage> page;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Cells cells(rows[i]);
    FlaggedMessage& flagged = page.items.emplace_back();
    flagged.flag = FlagOf(cells);
    flagged.message = MessageOf(cells);
  }
  if (page.items.size() == limit) page.cursor = CursorOf(page.items.back().flag.id.value());
  co_return page;
}

Task<Outcome<std::optional<Flag>>> SqlModeration::FindFlag(FlagId flag) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(find_flag_, {flag.value()}, 1));
  if (rows.empty()) co_return std::nullopt;
  Cells cells(rows[0]);
  co_return FlagOf(cells);
}

Task<Outcome<>> SqlModeration::DoResolveFlag(Work& work, Acting acting, FlagId flag) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(find_flag_, {flag.value()}));
  if (rows.empty()) co_return Refuse(Code::kNotFound, "there is no such open flag");
  Cells cells(rows[0]);
  const Flag found = FlagOf(cells);
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(found.room_id, acting, WhenArchived::kGoOn));
  TM_CO_TRY_ASSIGN(const std::size_t resolved,
                   co_await work.Change(resolve_flag_, {flag.value(), acting.user}));
  if (resolved == 0) co_return Refuse(Code::kNotFound, "there is no such open flag");
  co_return co_await Audit(room, acting, "flag.resolved", ToText(found.message_id),
                           TextUnder("user_id", found.user_id));
}

Task<Outcome<PageOf<AuditEntry>>> SqlModeration::ListAudit(ModerationQuery query) {
  query.limit = std::clamp<std::size_t>(query.limit, 1, kPageMax);
  const std::size_t limit = query.limit;
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await ReadPage(list_audit_, list_audit_of_room_, std::move(query)));
  PageOf<AuditEntry> page{.items = ListOf<AuditEntry>(rows, AuditOf), .cursor = {}};
  if (page.items.size() == limit) page.cursor = CursorOf(page.items.back().id.value());
  co_return page;
}

}  // namespace

std::unique_ptr<ModerationStore> MakeSqlModeration(SqlContext& context, const RoomStatements& rooms,
                                                   SqlMembers& members) {
  return std::make_unique<SqlModeration>(context, rooms, members);
}

}  // namespace tidemill::chat
