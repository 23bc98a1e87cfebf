#include "chat/store/sql_moderation.h"

#include <fmt/format.h>

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

constexpr std::string_view kFlagColumns =
    "f.id, f.room_id, f.message_id, f.user_id, f.reason, f.created_at, f.resolved_by, ";
constexpr std::string_view kAuditColumns = "a.id, a.at, a.room_id, a.actor, a.action, a.target, a.detail ";

// What $2 moderates by their role in the workspace.
constexpr std::string_view kByPower = "r.type < 2 and (r.is_private = 0 or m.user_id is not null)";

// Behind kFlagColumns.
constexpr std::string_view kFindFlag =
    "coalesce(g.user_id, '') from @flag f left join @message g on g.id = f.message_id where ";

// Of flags, or of the audit: $1 what the page begins behind, $2 who reads. `columns` ends with those of
// `table`, named `x`; `more` joins what else they need.
struct Listed {
  std::string columns;
  std::string table;
  char x = 'a';
  std::string where;  // of the table's rows, behind "and"
  std::string more;
};

// Begins with the rooms that $2 moderates: whoever moderates none reads nothing. An index on the id would
// walk through what happened anywhere, hence the sum. $3: the length of the page.
std::string OfModerator(const Listed& of) {
  return fmt::format(
      "select {0} from @member m join @{1} {2} on {2}.room_id = m.room_id{3} join @room r on r.id = "
      "m.room_id{4} "
      "where m.user_id = $2 and m.role >= 2 and {2}.id < $1 order by {2}.id + 0 desc limit $3",
      of.columns, of.table, of.x, of.where, of.more);
}
// Of the newest kLookedAt of the server. $3: the length of the page.
std::string OfAdmin(const Listed& of) {
  return fmt::format(
      "select {0} from (select * from @{1} {2} where {2}.id < $1{3} order by {2}.id desc limit {4}) {2} "
      "join @room r on r.id = {2}.room_id left join @member m on m.room_id = {2}.room_id and m.user_id = "
      "$2{5} "
      "where (m.role >= 2 or ({6})) order by {2}.id desc limit $3",
      of.columns, of.table, of.x, of.where, ModerationStore::kLookedAt, of.more, kByPower);
}
// $3: by their role in the workspace, $4: the length of the page, $5: the room.
std::string OfRoom(const Listed& of) {
  return fmt::format(
      "select {0} from @{1} {2} join @room r on r.id = {2}.room_id "
      "left join @member m on m.room_id = {2}.room_id and m.user_id = $2{4} "
      "where {2}.room_id = $5 and {2}.id < $1{3} and (m.role >= 2 or (cast($3 as bigint) = 1 and {5})) "
      "order by {2}.id desc limit $4",
      of.columns, of.table, of.x, of.where, of.more, kByPower);
}

// Whoever wrote a message is not told who has flagged it.
Listed Flags() {
  return {.columns = std::string(kFlagColumns) + "g.user_id, MESSAGE_COLUMNS",
          .table = "flag",
          .x = 'f',
          .where = " and f.resolved_by = ''",
          .more = " join @message g on g.id = f.message_id and g.user_id <> $2 and r.deleted_at = 0"};
}
Listed Entries() {
  return {.columns = std::string(kAuditColumns), .table = "audit", .x = 'a', .where = {}, .more = {}};
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
          .resolved_by = cells.Text(),
          .author = cells.Text()};
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
Outcome<> CheckNotSelf(const Acting& acting, const User& user) {
  if (user.id != acting.user) return {};
  return Refuse(Code::kInvalid, "nobody does that to themselves", "user_id");
}
Outcome<> CheckTarget(const Acting& acting, const User& user) {
  TM_TRY(CheckNotSelf(acting, user));
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

struct Listing {
  Listing(const SqlContext& context, const Listed& of)
      : of_moderator(context.Make(OfModerator(of))),
        of_admin(context.Make(OfAdmin(of))),
        of_room(context.Make(OfRoom(of))) {}

  sql::Statement of_moderator;
  sql::Statement of_admin;
  sql::Statement of_room;
};

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

  Task<Outcome<AddedFlag>> AddFlag(Acting acting, MessageId message, std::string reason) override {
    return context_.ToEnd(InTransaction<AddedFlag>(
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
  Task<Outcome<>> RemoveHooksOf(RoomWork& room, Acting acting, std::string user);
  Task<Outcome<>> DoRemoveBan(Work& work, Acting acting, RoomId id, std::string user);
  Task<Outcome<AddedFlag>> DoAddFlag(Work& work, Acting acting, MessageId message, std::string reason);
  Task<Outcome<>> DoResolveFlag(Work& work, Acting acting, FlagId flag);
  Task<Outcome<sql::Rows>> ReadPage(const Listing& listing, ModerationQuery query);
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
  const sql::Statement count_bans_ =
      context_.Make("select count(*) from @ban where room_id = $1 and (until = 0 or until > $2)");
  const sql::Statement list_bans_ = context_.Make(
      "select room_id, user_id, until, reason, banned_by, created_at from @ban where room_id = $1 and "
      "user_id "
      "> $2 order by user_id limit $3");
  const sql::Statement find_hooks_of_ = context_.Make(
      "select h.id, h.name from @hook h where h.room_id = $1 and h.created_by = $2 order by h.id");
  const sql::Statement delete_hooks_of_ =
      context_.Make("delete from @hook where room_id = $1 and created_by = $2");
  const sql::Statement list_moderators_ =
      context_.Make("select user_id from @member where room_id = $1 and role >= 2 order by user_id limit $2");
  const sql::Statement find_message_ =
      context_.Make("select room_id from @message where id = $1 and deleted_at = 0");
  const sql::Statement count_flags_ = context_.Make(
      "select count(*) from (select 1 from @flag where room_id = $1 and resolved_by = '' limit $2) x");
  const sql::Statement insert_flag_ = context_.Make(
      "insert into @flag (id, room_id, message_id, user_id, reason, created_at) values ($1, $2, $3, $4, $5, "
      "$6) on conflict (message_id, user_id) do nothing");
  const sql::Statement find_flag_of_ = context_.Make(fmt::format("select {}{}", kFlagColumns, kFindFlag) +
                                                     "f.message_id = $1 and f.user_id = $2");
  const sql::Statement find_flag_ =
      context_.Make(fmt::format("select {}{}", kFlagColumns, kFindFlag) + "f.id = $1");
  const sql::Statement resolve_flag_ =
      context_.Make("update @flag set resolved_by = $2 where id = $1 and resolved_by = ''");
  const Listing flags_{context_, Flags()};
  const Listing entries_{context_, Entries()};
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
  const bool mutes = until.ms != 0;
  TM_CO_TRY(mutes ? CheckTarget(acting, member->user) : CheckNotSelf(acting, member->user));
  TM_CO_TRY(CheckRank(room, acting, *member));
  if (member->muted_until.value_or(WallTime{}) == until) co_return Changed<Member>{.value = *member};
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
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await work.Run(count_bans_, {ban.room_id.value(), work.now().ms}));
  if (Cells(rows[0]).Integer() >= static_cast<std::int64_t>(kBansMax))
    co_return Refuse(Code::kTooMany, "a room has 10,000 bans at most; lift some");
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
  TM_CO_TRY(co_await RemoveHooksOf(room, acting, ban.user_id));
  co_return RemovedMember{.value = member, .changes = room.TakeChanges()};
}

// Whoever is banned posts no more by a hook either.
Task<Outcome<>> SqlModeration::RemoveHooksOf(RoomWork& room, Acting acting, std::string user) {
  const std::int64_t id = room.room().id.value();
  TM_CO_TRY_ASSIGN(const sql::Rows hooks, co_await room.work().Run(find_hooks_of_, {id, user}));
  if (hooks.empty()) co_return Outcome<>{};
  TM_CO_TRY(co_await room.work().Change(delete_hooks_of_, {id, std::move(user)}));
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    Cells cells(hooks[i]);
    const HookId hook(cells.Integer());
    TM_CO_TRY(co_await Audit(room, acting, "hook.removed", ToText(hook), TextUnder("name", cells.Text())));
  }
  co_return Outcome<>{};
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

Task<Outcome<AddedFlag>> SqlModeration::DoAddFlag(Work& work, Acting acting, MessageId message,
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
  TM_CO_TRY_ASSIGN(
      const std::size_t inserted,
      co_await work.Change(insert_flag_, {context_.ids().Make<FlagId>().value(), id.value(), message.value(),
                                          acting.user, std::move(reason), work.now().ms}));
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(find_flag_of_, {message.value(), acting.user}));
  if (rows.empty()) co_return Refuse(Code::kInternal, "the flag is not there");
  Cells cells(rows[0]);
  co_return AddedFlag{.flag = FlagOf(cells), .is_new = inserted > 0};
}

Task<Outcome<sql::Rows>> SqlModeration::ReadPage(const Listing& listing, ModerationQuery query) {
  TM_CO_TRY_ASSIGN(const std::int64_t below, ParseNumberCursor(query.cursor));
  const auto limit = static_cast<std::int64_t>(query.limit);
  if (query.room.value() != 0)
    co_return co_await context_.Read(
        listing.of_room,
        {below, std::move(query.user), std::int64_t{query.by_workspace_role}, limit, query.room.value()},
        query.limit);
  co_return co_await context_.Read(query.by_workspace_role ? listing.of_admin : listing.of_moderator,
                                   {below, std::move(query.user), limit}, query.limit);
}

Task<Outcome<PageOf<FlaggedMessage>>> SqlModeration::ListOpenFlags(ModerationQuery query) {
  query.limit = std::clamp<std::size_t>(query.limit, 1, kPageMax);
  const std::size_t limit = query.limit;
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await ReadPage(flags_, std::move(query)));
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
  if (found.author == acting.user) co_return Refuse(Code::kNotFound, "there is no such open flag");
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(found.room_id, acting, WhenArchived::kGoOn));
  TM_CO_TRY_ASSIGN(const std::size_t resolved,
                   co_await work.Change(resolve_flag_, {flag.value(), acting.user}));
  if (resolved == 0) co_return Refuse(Code::kNotFound, "there is no such open flag");
  co_return co_await Audit(room, acting, "flag.resolved", ToText(found.message_id));
}

Task<Outcome<PageOf<AuditEntry>>> SqlModeration::ListAudit(ModerationQuery query) {
  query.limit = std::clamp<std::size_t>(query.limit, 1, kPageMax);
  const std::size_t limit = query.limit;
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await ReadPage(entries_, std::move(query)));
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
