#include "chat/store/sql_members.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "chat/store/json.h"
#include "chat/store/page_cursor.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

using Column = sql::InsertShape::Column;
using Kind = sql::InsertShape::Kind;

constexpr std::size_t kPageMax = 1'000;
constexpr std::size_t kIdsMax = 10'000;
constexpr std::size_t kAddedMax = 100;

constexpr std::array kColumns = {
    Column{"room_id", Kind::kInteger},       Column{"user_id", Kind::kText},
    Column{"role", Kind::kInteger},          Column{"joined_at", Kind::kInteger},
    Column{"read_seq", Kind::kInteger},      Column{"read_root_n", Kind::kInteger},
    Column{"read_mention_n", Kind::kInteger}};

bool HasFixedMembers(const Room& room) {
  return room.type == RoomType::kDirect || room.type == RoomType::kGroup;
}
std::unexpected<Refusal> RefuseFixed() {
  return Refuse(Code::kInvalid, "the people of a direct room stay as they are; open another one");
}
// What a role or a mute keeps somebody from would end by leaving a public room and joining it again.
Outcome<> CheckMayLeave(const Room& room, const Member& member, WallTime now) {
  if (room.is_private) return {};
  if (member.role == Role::kReadonly)
    return Refuse(Code::kForbidden, "you only read in this room: its moderators can remove you");
  const WallTime until = member.muted_until.value_or(WallTime{});
  if (until <= now) return {};
  return std::unexpected(
      RefusalUntil(Code::kMuted, "you are muted in this room, and cannot leave it", until, now));
}
std::unexpected<Refusal> RefuseRank() {
  return Refuse(Code::kForbidden, "your role in this room does not reach over this member's");
}

}  // namespace

SqlMembers::SqlMembers(SqlContext& context, const RoomStatements& rooms)
    : context_(context),
      rooms_(rooms),
      list_(
          context.Make("select USER_COLUMNS, MEMBER_COLUMNS from @member m join @user u on u.id = m.user_id "
                       "where m.room_id = $1 and m.user_id > $2 order by m.user_id limit $3")),
      list_ids_(
          context.Make("select m.user_id from @member m where m.room_id = $1 and m.user_id > $2 order by "
                       "m.user_id limit $3")),
      find_users_(context.Make("select USER_COLUMNS from @user u where u.id IS_ONE_OF")),
      find_present_(
          context.Make("select m.user_id from @member m where m.user_id IS_ONE_OF and m.room_id = $2")),
      find_banned_(context.Make(
          "select user_id, until from @ban where user_id IS_ONE_OF and room_id = $2 and (until = "
          "0 or until > $3)")),
      count_owners_(context.Make("select count(*) from @member where room_id = $1 and role = 3")),
      delete_member_(context.Make("delete from @member where room_id = $1 and user_id = $2")),
      delete_follower_(context.Make("delete from @follower where room_id = $1 and user_id = $2")),
      delete_mentions_(context.Make("delete from @mention where room_id = $1 and user_id = $2")),
      set_role_(context.Make("update @member set role = $3 where room_id = $1 and user_id = $2")),
      insert_(context.database().dialect(), {.table = context.TableOf("member"), .columns = kColumns}) {}

Task<Outcome<MemberPage>> SqlMembers::List(MemberQuery query) {
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kPageMax);
  TM_CO_TRY_ASSIGN(PagePosition after, ParseCursor(query.cursor));
  TM_CO_TRY_ASSIGN(
      const sql::Rows rows,
      co_await context_.Read(
          list_, {query.room.value(), std::move(after.id), static_cast<std::int64_t>(limit + 1)}, limit + 1));
  MemberPage page;
  for (std::size_t i = 0; i < std::min(limit, rows.size()); ++i)
    page.members.push_back(MemberOf(query.room, rows[i]));
  if (rows.size() > limit) page.cursor = CursorOf(PagePosition{.key = {}, .id = page.members.back().user.id});
  co_return page;
}

Task<Outcome<std::vector<std::string>>> SqlMembers::ListIds(RoomId room, std::string after,
                                                            std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kIdsMax);
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(
                       list_ids_, {room.value(), std::move(after), static_cast<std::int64_t>(limit)}, limit));
  std::vector<std::string> ids;
  ids.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) ids.emplace_back(rows[i][0].text);
  co_return ids;
}

Task<Outcome<std::optional<Member>>> SqlMembers::Find(RoomId room, std::string user) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(rooms_.find_full, {room.value(), std::move(user)}, 1));
  if (rows.empty()) co_return std::nullopt;
  co_return MemberOf(room, rows[0]);
}

Task<Outcome<std::vector<User>>> SqlMembers::FindUsers(Work& work, std::vector<std::string> ids) const {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(find_users_, {ids}));
  std::vector<User> users = ListOf<User>(rows, UserOf);
  for (const std::string& id : ids) {
    if (std::ranges::none_of(users, [&id](const User& user) { return user.id == id; }))
      co_return Refuse(Code::kNotFound, "there is no user " + id, "user_ids");
  }
  co_return users;
}

Task<Outcome<>> SqlMembers::Insert(Work& work, const Room& room, std::vector<std::string> users,
                                   Role role) const {
  std::vector<sql::Call> calls;
  sql::Insert::Rows rows(insert_, users.size(), calls);
  for (const std::string& user : users)
    rows.Add(room.id.value())
        .Add(user)
        .Add(static_cast<std::int64_t>(role))
        .Add(work.now().ms)
        .Add(room.last_seq)
        .Add(room.root_count)
        .Add(room.mention_count);
  co_return co_await work.RunAll(std::move(calls));
}

Task<Outcome<>> SqlMembers::CheckNotBanned(Work& work, RoomId room,
                                           const std::vector<std::string>& users) const {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await work.Run(find_banned_, {users, room.value(), work.now().ms}));
  if (rows.empty()) co_return Outcome<>{};
  Cells cells(rows[0]);
  const std::string user = cells.Text();
  const WallTime until = cells.OptionalTime().value_or(kForEver);
  Refusal refusal = RefusalUntil(Code::kBanned, user + " is banned from this room", until, work.now());
  refusal.field = "user_ids";
  co_return std::unexpected(std::move(refusal));
}

Task<Outcome<std::vector<Member>>> SqlMembers::AddTo(RoomWork& work, std::vector<std::string> ids,
                                                     Role role) const {
  TM_CO_TRY_ASSIGN(const std::vector<User> users, co_await FindUsers(work.work(), ids));
  TM_CO_TRY(co_await CheckNotBanned(work.work(), work.room().id, ids));
  TM_CO_TRY_ASSIGN(const sql::Rows present,
                   co_await work.work().Run(find_present_, {std::move(ids), work.room().id.value()}));
  std::set<std::string, std::less<>> there;
  for (std::size_t i = 0; i < present.size(); ++i) there.emplace(present[i][0].text);
  std::vector<std::string> added;
  std::vector<Member> members;
  for (const User& user : users) {
    if (there.contains(user.id)) continue;
    added.push_back(user.id);
    members.push_back(
        {.room_id = work.room().id, .user = user, .role = role, .joined_at = work.work().now()});
    work.AddChange(work.NextVersion(), "member.added", ToJsonUnder("member", members.back()));
  }
  work.room().member_count += static_cast<std::int64_t>(added.size());
  TM_CO_TRY(co_await Insert(work.work(), work.room(), std::move(added), role));
  co_return members;
}

Task<Outcome<SqlMembers::AddedMembers>> SqlMembers::DoAdd(Work& work, Acting acting, RoomId id,
                                                          std::vector<std::string> users, Role role) {
  RoomWork room(work, rooms_);
  const bool is_free = acting.by_workspace_role;
  TM_CO_TRY(co_await room.Open(id, std::move(acting), WhenArchived::kRefuse));
  if (HasFixedMembers(room.room())) co_return RefuseFixed();
  if (!is_free && role > Role::kMember && (!room.actor() || room.actor()->role != Role::kOwner))
    co_return RefuseRank();
  TM_CO_TRY_ASSIGN(std::vector<Member> members, co_await AddTo(room, std::move(users), role));
  if (!members.empty()) TM_CO_TRY(co_await room.Save(RoomWork::Saves::kAll));
  co_return AddedMembers{.value = std::move(members), .changes = room.TakeChanges()};
}

Task<Outcome<SqlMembers::AddedMembers>> SqlMembers::Add(Acting acting, RoomId room,
                                                        std::vector<std::string> users, Role role) {
  std::ranges::sort(users);
  users.erase(std::ranges::unique(users).begin(), users.end());
  if (users.size() > kAddedMax) co_return Refuse(Code::kTooMany, "add 100 people at a time", "user_ids");
  co_return co_await context_.ToEnd(InTransaction<AddedMembers>(
      context_, [this, acting = std::move(acting), room, users = std::move(users), role](Work& work) {
        return DoAdd(work, acting, room, users, role);
      }));
}

Task<Outcome<Changed<RoomView>>> SqlMembers::DoJoin(Work& work, RoomId id, std::string user) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, {.user = user, .role_min = std::nullopt}, WhenArchived::kRefuse));
  if (room.actor())
    co_return Changed<RoomView>{
        .value = {.room = room.room(), .membership = MembershipOf(*room.actor(), room.room())}};
  if (room.room().is_private || HasFixedMembers(room.room()))
    co_return Refuse(Code::kNotFound, "there is no such room");
  TM_CO_TRY(co_await AddTo(room, {user}, Role::kMember));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kAll));
  TM_CO_TRY_ASSIGN(const std::optional<MemberRow> row, co_await room.FindMember(std::move(user)));
  if (!row) co_return Refuse(Code::kInternal, "the member is not there");
  co_return Changed<RoomView>{.value = {.room = room.room(), .membership = MembershipOf(*row, room.room())},
                              .changes = room.TakeChanges()};
}

Task<Outcome<Changed<RoomView>>> SqlMembers::Join(RoomId room, std::string user) {
  return context_.ToEnd(InTransaction<Changed<RoomView>>(
      context_, [this, room, user = std::move(user)](Work& work) { return DoJoin(work, room, user); }));
}

Task<Outcome<>> SqlMembers::CheckOwnerStays(RoomWork& work, const Member& member) const {
  if (member.role != Role::kOwner || work.room().member_count <= 1) co_return Outcome<>{};
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.work().Run(count_owners_, {work.room().id.value()}));
  if (Cells(rows[0]).Integer() <= 1)
    co_return Refuse(Code::kConflict, "make somebody else an owner of this room first");
  co_return Outcome<>{};
}

Task<Outcome<std::optional<Member>>> SqlMembers::TakeOut(RoomWork& work, std::string user) const {
  TM_CO_TRY_ASSIGN(std::optional<Member> member, co_await work.FindFull(user));
  if (!member) co_return std::nullopt;
  const std::int64_t room = work.room().id.value();
  std::vector<sql::Call> calls;
  for (const sql::Statement* const statement : {&delete_member_, &delete_follower_, &delete_mentions_})
    calls.push_back({.statement = *statement, .parameters = {room, user}});
  TM_CO_TRY(co_await work.work().RunAll(std::move(calls)));
  --work.room().member_count;
  work.AddChange(work.NextVersion(), "member.removed", ToJsonUnder("member", *member));
  co_return member;
}

Task<Outcome<SqlMembers::RemovedMember>> SqlMembers::DoRemove(Work& work, Acting acting, RoomId id,
                                                              std::string user) {
  RoomWork room(work, rooms_);
  if (acting.user == user) acting.role_min = std::nullopt;
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kGoOn));
  if (HasFixedMembers(room.room())) co_return RefuseFixed();
  TM_CO_TRY_ASSIGN(const std::optional<Member> member, co_await room.FindFull(user));
  if (!member) co_return RemovedMember{};
  if (acting.user == user) TM_CO_TRY(CheckMayLeave(room.room(), *member, work.now()));
  if (!acting.by_workspace_role) {
    if (acting.user != user && (!room.actor() || !StandsAbove(room.actor()->role, member->role)))
      co_return RefuseRank();
    TM_CO_TRY(co_await CheckOwnerStays(room, *member));
  }
  TM_CO_TRY(co_await TakeOut(room, user));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kAll));
  if (acting.user != user) {
    TM_CO_TRY(co_await room.Audit(context_.ids().Make<AuditId>(), acting.user, "member.removed", user));
  }
  co_return RemovedMember{.value = member, .changes = room.TakeChanges()};
}

Task<Outcome<SqlMembers::RemovedMember>> SqlMembers::Remove(Acting acting, RoomId room, std::string user) {
  return context_.ToEnd(InTransaction<RemovedMember>(
      context_, [this, acting = std::move(acting), room, user = std::move(user)](Work& work) {
        return DoRemove(work, acting, room, user);
      }));
}

Task<Outcome<Changed<Member>>> SqlMembers::DoSetRole(Work& work, Acting acting, RoomId id, std::string user,
                                                     Role role) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kRefuse));
  if (HasFixedMembers(room.room())) co_return RefuseFixed();
  TM_CO_TRY_ASSIGN(std::optional<Member> member, co_await room.FindFull(user));
  if (!member) co_return Refuse(Code::kNotFound, "there is no such member");
  if (member->role == role) co_return Changed<Member>{.value = *std::move(member)};
  if (!acting.by_workspace_role) {
    if (!room.actor() || !StandsAbove(room.actor()->role, member->role) ||
        (room.actor()->role != Role::kOwner && role > Role::kMember))
      co_return RefuseRank();
  }
  if (!acting.by_workspace_role || acting.user == user) TM_CO_TRY(co_await CheckOwnerStays(room, *member));
  member->role = role;
  TM_CO_TRY(co_await work.Change(set_role_, {id.value(), user, static_cast<std::int64_t>(role)}));
  TM_CO_TRY(co_await room.Audit(context_.ids().Make<AuditId>(), acting.user, "member.role", std::move(user),
                                TextUnder("role", Name(role))));
  room.AddChange(room.NextVersion(), "member.updated", ToJsonUnder("member", *member));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kCounts));
  co_return Changed<Member>{.value = *std::move(member), .changes = room.TakeChanges()};
}

Task<Outcome<Changed<Member>>> SqlMembers::SetRole(Acting acting, RoomId room, std::string user, Role role) {
  return context_.ToEnd(InTransaction<Changed<Member>>(
      context_, [this, acting = std::move(acting), room, user = std::move(user), role](Work& work) {
        return DoSetRole(work, acting, room, user, role);
      }));
}

}  // namespace tidemill::chat
