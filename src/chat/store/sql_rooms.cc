#include "chat/store/sql_rooms.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "chat/store/json.h"
#include "chat/store/page_cursor.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kNameBytesMax = 80 * 4;
constexpr std::size_t kTopicBytesMax = 1'000;
constexpr std::size_t kFirstMembersMax = 100;
constexpr std::size_t kDirectMax = 10;
constexpr std::size_t kPageMax = 200;
constexpr std::size_t kListedMax = 5'000;
constexpr std::size_t kNamesMax = 100;
constexpr std::int64_t kSlowModeMax = 24 * 3600;
constexpr std::int64_t kTextMax = 16'000;
constexpr std::int64_t kRetentionDaysMax = 36'500;

constexpr std::string_view kInsert =
    "insert into @room (id, type, is_private, name, name_key, dm_key, topic, created_at, created_by, "
    "settings, "
    "member_count) values ($1, $2, $3, $4, nullif($5, ''), nullif($6, ''), $7, $8, $9, $10, $11)";
constexpr std::string_view kBrowse =
    "select ROOM_COLUMNS, MEMBER_COLUMNS from @room r left join @member m on m.room_id = r.id and m.user_id "
    "= "
    "$1 where r.name_key is not null and (r.name_key, r.id) > ($2, cast($3 as bigint)) and r.name_key like "
    "$4 "
    "escape '\\' and r.archived_at = 0 and (m.user_id is not null or (r.is_private = 0 and cast($6 as "
    "bigint) = 0)) and not exists (select 1 from @ban b where b.room_id = r.id and b.user_id = $1 and "
    "(b.until = 0 or b.until > $7)) order by r.name_key, r.id limit $5";

Outcome<> CheckName(std::string_view name) {
  TM_TRY(CheckText(name, kNameBytesMax, "name"));
  if (name.empty()) return Refuse(Code::kInvalid, "give the room a name", "name");
  return {};
}

Outcome<> CheckSettings(const RoomSettings& settings) {
  if (settings.slow_mode_s < 0 || settings.slow_mode_s > kSlowModeMax)
    return Refuse(Code::kInvalid, "slow_mode_s is 0 to 86400", "slow_mode_s");
  if (settings.text_max < 1 || settings.text_max > kTextMax)
    return Refuse(Code::kInvalid, "text_max is 1 to 16000", "text_max");
  if (settings.retention_days < 0 || settings.retention_days > kRetentionDaysMax)
    return Refuse(Code::kInvalid, "retention_days is 0 to 36500", "retention_days");
  return {};
}

Outcome<> Check(const NewRoom& room) {
  if (room.type != RoomType::kChannel && room.type != RoomType::kBroadcast)
    return Refuse(Code::kInvalid, "a room is made as a channel or broadcast", "type");
  TM_TRY(CheckName(room.name));
  TM_TRY(CheckText(room.topic, kTopicBytesMax, "topic"));
  if (room.user_ids.size() > kFirstMembersMax)
    return Refuse(Code::kTooMany, "begin with 100 members at most", "user_ids");
  return CheckSettings(room.settings);
}

Outcome<> Check(const RoomPatch& patch) {
  if (patch.name) TM_TRY(CheckName(*patch.name));
  if (patch.topic) TM_TRY(CheckText(*patch.topic, kTopicBytesMax, "topic"));
  return {};
}

RoomSettings Merge(RoomSettings settings, const SettingsPatch& patch) {
  settings.who_can_post = patch.who_can_post.value_or(settings.who_can_post);
  settings.slow_mode_s = patch.slow_mode_s.value_or(settings.slow_mode_s);
  settings.text_max = patch.text_max.value_or(settings.text_max);
  settings.retention_days = patch.retention_days.value_or(settings.retention_days);
  settings.threads = patch.threads.value_or(settings.threads);
  settings.reactions = patch.reactions.value_or(settings.reactions);
  settings.typing = patch.typing.value_or(settings.typing);
  settings.receipts = patch.receipts.value_or(settings.receipts);
  return settings;
}

std::vector<RoomView> ViewsOf(const sql::Rows& rows, std::size_t count) {
  std::vector<RoomView> views;
  views.reserve(std::min(rows.size(), count));
  for (std::size_t i = 0; i < std::min(rows.size(), count); ++i) views.push_back(RoomViewOf(rows[i]));
  return views;
}

std::unexpected<Refusal> RefuseTaken() {
  return Refuse(Code::kConflict, "another room has this name", "name");
}

class SqlRooms final : public RoomStore {
 public:
  SqlRooms(SqlContext& context, const RoomStatements& rooms, SqlMembers& members)
      : context_(context), rooms_(rooms), members_(members) {}

  Task<Outcome<Room>> Create(NewRoom room) override {
    return context_.ToEnd(InTransaction<Room>(
        context_, [this, room = std::move(room)](Work& work) { return DoCreate(work, room); }));
  }
  Task<Outcome<OpenedDirect>> OpenDirect(std::string user, std::vector<std::string> user_ids) override {
    return context_.ToEnd(InTransaction<OpenedDirect>(
        context_, [this, user = std::move(user), user_ids = std::move(user_ids)](Work& work) {
          return DoOpenDirect(work, user, user_ids);
        }));
  }

  Task<Outcome<std::optional<RoomView>>> Find(RoomId room, std::string user) override;
  Task<Outcome<std::vector<RoomView>>> FindByName(std::vector<std::string> names, std::string user) override;
  Task<Outcome<RoomPage>> Browse(RoomQuery query) override;
  Task<Outcome<std::vector<RoomView>>> ListOf(std::string user, std::size_t limit) override {
    limit = std::clamp<std::size_t>(limit, 1, kListedMax);
    TM_CO_TRY_ASSIGN(
        const sql::Rows rows,
        co_await context_.Read(list_of_, {std::move(user), static_cast<std::int64_t>(limit)}, limit));
    co_return ViewsOf(rows, limit);
  }

  Task<Outcome<Changed<Room>>> Update(Acting acting, RoomId room, RoomPatch patch) override {
    return context_.ToEnd(InTransaction<Changed<Room>>(
        context_, [this, acting = std::move(acting), room, patch = std::move(patch)](Work& work) {
          return DoUpdate(work, acting, room, patch);
        }));
  }
  Task<Outcome<Changed<Room>>> Archive(Acting acting, RoomId room) override {
    return SetArchived(std::move(acting), room, Archived::kYes);
  }
  Task<Outcome<Changed<Room>>> Unarchive(Acting acting, RoomId room) override {
    return SetArchived(std::move(acting), room, Archived::kNo);
  }
  Task<Outcome<Room>> Delete(Acting acting, RoomId room) override {
    return context_.ToEnd(InTransaction<Room>(context_, [this, acting = std::move(acting), room](Work& work) {
      return DoDelete(work, acting, room);
    }));
  }

  Task<Outcome<MemberPage>> ListMembers(MemberQuery query) override {
    return members_.List(std::move(query));
  }
  Task<Outcome<std::vector<std::string>>> ListMemberIds(RoomId room, std::string after,
                                                        std::size_t limit) override {
    return members_.ListIds(room, std::move(after), limit);
  }
  Task<Outcome<std::optional<Member>>> FindMember(RoomId room, std::string user) override {
    return members_.Find(room, std::move(user));
  }
  Task<Outcome<Changed<std::vector<Member>>>> AddMembers(Acting acting, RoomId room,
                                                         std::vector<std::string> users, Role role) override {
    return members_.Add(std::move(acting), room, std::move(users), role);
  }
  Task<Outcome<Changed<RoomView>>> Join(RoomId room, std::string user) override {
    return members_.Join(room, std::move(user));
  }
  Task<Outcome<Changed<std::optional<Member>>>> RemoveMember(Acting acting, RoomId room,
                                                             std::string user) override {
    return members_.Remove(std::move(acting), room, std::move(user));
  }
  Task<Outcome<Changed<Member>>> SetRole(Acting acting, RoomId room, std::string user, Role role) override {
    return members_.SetRole(std::move(acting), room, std::move(user), role);
  }

 private:
  enum class Archived : std::uint8_t { kNo, kYes };

  Task<Outcome<Room>> DoCreate(Work& work, NewRoom given);
  Task<Outcome<OpenedDirect>> DoOpenDirect(Work& work, std::string user, std::vector<std::string> user_ids);
  Task<Outcome<Changed<Room>>> DoUpdate(Work& work, Acting acting, RoomId id, RoomPatch patch);
  Task<Outcome<Changed<Room>>> SetArchived(Acting acting, RoomId room, Archived archived);
  Task<Outcome<Changed<Room>>> DoSetArchived(Work& work, Acting acting, RoomId id, Archived archived);
  Task<Outcome<Room>> DoDelete(Work& work, Acting acting, RoomId id);
  Task<Outcome<>> Insert(Work& work, const Room& room, std::string dm_key) const;
  // kConflict: a channel has it.
  Task<Outcome<>> CheckNameIsFree(Work& work, std::string_view name) const;

  SqlContext& context_;
  const RoomStatements& rooms_;
  SqlMembers& members_;
  const sql::Statement insert_ = context_.Make(kInsert);
  const sql::Statement find_name_ = context_.Make("select id from @room where name_key = $1");
  const sql::Statement find_ = context_.Make(
      "select ROOM_COLUMNS, MEMBER_COLUMNS, b.until from @room r left join @member m on m.room_id = r.id and "
      "m.user_id = $2 left join @ban b on b.room_id = r.id and b.user_id = $2 and (b.until = 0 or b.until > "
      "$3) where r.id = $1 and r.deleted_at = 0");
  const sql::Statement find_direct_ = context_.Make(
      "select ROOM_COLUMNS, MEMBER_COLUMNS from @room r left join @member m on m.room_id = r.id and "
      "m.user_id "
      "= $2 where r.dm_key = $1");
  const sql::Statement find_by_name_ = context_.Make(
      "select ROOM_COLUMNS, MEMBER_COLUMNS from @room r left join @member m on m.room_id = r.id and "
      "m.user_id "
      "= $2 where r.name_key IS_ONE_OF and (r.is_private = 0 or m.user_id is not null)");
  const sql::Statement browse_ = context_.Make(kBrowse);
  const sql::Statement list_of_ = context_.Make(
      "select ROOM_COLUMNS, MEMBER_COLUMNS from @member m join @room r on r.id = m.room_id and r.deleted_at "
      "= "
      "0 where m.user_id = $1 limit $2");
  const sql::Statement delete_ =
      context_.Make("update @room set deleted_at = $2, name_key = null, dm_key = null where id = $1");
};

Task<Outcome<>> SqlRooms::Insert(Work& work, const Room& room, std::string dm_key) const {
  TM_CO_TRY(co_await work.Change(
      insert_, {room.id.value(), static_cast<std::int64_t>(room.type), std::int64_t{room.is_private},
                room.name, NameKey(room.name), std::move(dm_key), room.topic, room.created_at.ms,
                room.created_by, ToJson(room.settings), room.member_count}));
  co_return Outcome<>{};
}

Task<Outcome<>> SqlRooms::CheckNameIsFree(Work& work, std::string_view name) const {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(find_name_, {NameKey(name)}));
  if (!rows.empty()) co_return RefuseTaken();
  co_return Outcome<>{};
}

Task<Outcome<Room>> SqlRooms::DoCreate(Work& work, NewRoom given) {
  TM_CO_TRY(Check(given));
  TM_CO_TRY(co_await CheckNameIsFree(work, given.name));
  std::vector<std::string> others = std::move(given.user_ids);
  std::erase(others, given.created_by);
  std::ranges::sort(others);
  others.erase(std::ranges::unique(others).begin(), others.end());
  std::vector<std::string> all = others;
  all.push_back(given.created_by);
  TM_CO_TRY(co_await members_.FindUsers(work, all));
  const Room room{.id = context_.ids().Make<RoomId>(),
                  .type = given.type,
                  .is_private = given.is_private,
                  .name = std::move(given.name),
                  .topic = std::move(given.topic),
                  .created_at = work.now(),
                  .created_by = given.created_by,
                  .member_count = static_cast<std::int64_t>(all.size()),
                  .settings = given.settings};
  TM_CO_TRY(co_await Insert(work, room, {}));
  TM_CO_TRY(co_await members_.Insert(work, room, {given.created_by}, Role::kOwner));
  TM_CO_TRY(co_await members_.Insert(work, room, std::move(others), Role::kMember));
  co_return room;
}

Task<Outcome<OpenedDirect>> SqlRooms::DoOpenDirect(Work& work, std::string user,
                                                   std::vector<std::string> user_ids) {
  user_ids.push_back(user);
  std::ranges::sort(user_ids);
  user_ids.erase(std::ranges::unique(user_ids).begin(), user_ids.end());
  if (user_ids.size() > kDirectMax)
    co_return Refuse(Code::kTooMany, "a group has 10 people at most; make a channel", "user_ids");
  const std::string key = StoredTexts(user_ids);
  TM_CO_TRY_ASSIGN(const sql::Rows found, co_await work.Run(find_direct_, {key, user}));
  if (!found.empty()) co_return OpenedDirect{.view = RoomViewOf(found[0]), .is_new = false};
  TM_CO_TRY(co_await members_.FindUsers(work, user_ids));
  const Room room{.id = context_.ids().Make<RoomId>(),
                  .type = user_ids.size() > 2 ? RoomType::kGroup : RoomType::kDirect,
                  .is_private = true,
                  .created_at = work.now(),
                  .created_by = user,
                  .member_count = static_cast<std::int64_t>(user_ids.size()),
                  .user_ids = user_ids};
  TM_CO_TRY(co_await Insert(work, room, key));
  TM_CO_TRY(co_await members_.Insert(work, room, std::move(user_ids), Role::kMember));
  co_return OpenedDirect{.view = {.room = room, .membership = Membership{.joined_at = work.now()}},
                         .is_new = true};
}

Task<Outcome<std::optional<RoomView>>> SqlRooms::Find(RoomId room, std::string user) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(find_, {room.value(), std::move(user), context_.now().ms}, 1));
  if (rows.empty()) co_return std::nullopt;
  RoomView view = RoomViewOf(rows[0]);
  if (const auto ms = rows[0][rows[0].size() - 1].AsInteger())
    view.banned_until = *ms == 0 ? kForEver : WallTime{*ms};
  co_return view;
}

Task<Outcome<std::vector<RoomView>>> SqlRooms::FindByName(std::vector<std::string> names, std::string user) {
  if (names.size() > kNamesMax) co_return Refuse(Code::kTooMany, "ask for 100 rooms at most", "names");
  for (std::string& name : names) name = NameKey(name);
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(find_by_name_, {std::move(names), std::move(user)}, kNamesMax));
  co_return ViewsOf(rows, kNamesMax);
}

Task<Outcome<RoomPage>> SqlRooms::Browse(RoomQuery query) {
  TM_CO_TRY(CheckText(query.text, kNameBytesMax, "query"));
  TM_CO_TRY_ASSIGN(PagePosition after, ParseCursor(query.cursor));
  const std::int64_t after_id = ParseIdNumber(after.id).value_or(0);
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kPageMax);
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(browse_,
                                          {std::move(query.user), std::move(after.key), after_id,
                                           LikePattern(query.text), static_cast<std::int64_t>(limit + 1),
                                           std::int64_t{query.only_own}, context_.now().ms},
                                          limit + 1));
  RoomPage page{.rooms = ViewsOf(rows, limit), .cursor = {}};
  if (rows.size() > limit) {
    const Room& last = page.rooms.back().room;
    page.cursor = CursorOf(PagePosition{.key = NameKey(last.name), .id = ToText(last.id)});
  }
  co_return page;
}

Task<Outcome<Changed<Room>>> SqlRooms::DoUpdate(Work& work, Acting acting, RoomId id, RoomPatch patch) {
  TM_CO_TRY(Check(patch));
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, std::move(acting), WhenArchived::kRefuse));
  const Room before = room.room();
  if (before.type == RoomType::kDirect || before.type == RoomType::kGroup) {
    if (patch.name || patch.is_private)
      co_return Refuse(Code::kInvalid, "a direct room is called after its people", "name");
  }
  if (patch.name && NameKey(*patch.name) != NameKey(before.name))
    TM_CO_TRY(co_await CheckNameIsFree(work, *patch.name));
  room.room().name = patch.name.value_or(before.name);
  room.room().topic = patch.topic.value_or(before.topic);
  room.room().is_private = patch.is_private.value_or(before.is_private);
  // Of two who change different ones at the same time, both have changed theirs.
  room.room().settings = Merge(before.settings, patch.settings);
  TM_CO_TRY(CheckSettings(room.room().settings));
  if (before.type == RoomType::kBroadcast && patch.settings.who_can_post == WhoCanPost::kAll)
    co_return Refuse(Code::kInvalid, "in a broadcast room moderators post", "who_can_post");
  if (room.room() == before) co_return Changed<Room>{.value = before};
  const Version version = room.NextVersion();
  room.AddChange(version, "room.updated", ToJsonUnder("room", room.room()));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kAll));
  co_return Changed<Room>{.value = room.room(), .changes = room.TakeChanges()};
}

Task<Outcome<Changed<Room>>> SqlRooms::SetArchived(Acting acting, RoomId room, Archived archived) {
  return context_.ToEnd(
      InTransaction<Changed<Room>>(context_, [this, acting = std::move(acting), room, archived](Work& work) {
        return DoSetArchived(work, acting, room, archived);
      }));
}

Task<Outcome<Changed<Room>>> SqlRooms::DoSetArchived(Work& work, Acting acting, RoomId id,
                                                     Archived archived) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kGoOn));
  const bool archives = archived == Archived::kYes;
  if (room.room().archived_at.has_value() == archives) co_return Changed<Room>{.value = room.room()};
  room.room().archived_at = archives ? std::optional(work.now()) : std::nullopt;
  const Version version = room.NextVersion();
  const std::string_view action = archives ? "room.archived" : "room.unarchived";
  room.AddChange(version, action, ToJsonUnder("room", room.room()));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kAll));
  TM_CO_TRY(co_await room.Audit(context_.ids().Make<AuditId>(), std::move(acting.user), action, ""));
  co_return Changed<Room>{.value = room.room(), .changes = room.TakeChanges()};
}

Task<Outcome<Room>> SqlRooms::DoDelete(Work& work, Acting acting, RoomId id) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kGoOn));
  TM_CO_TRY(co_await work.Change(delete_, {id.value(), work.now().ms}));
  TM_CO_TRY(co_await room.Audit(context_.ids().Make<AuditId>(), std::move(acting.user), "room.deleted", ""));
  co_return room.room();
}

}  // namespace

std::unique_ptr<RoomStore> MakeSqlRooms(SqlContext& context, const RoomStatements& rooms,
                                        SqlMembers& members) {
  return std::make_unique<SqlRooms>(context, rooms, members);
}

}  // namespace tidemill::chat
