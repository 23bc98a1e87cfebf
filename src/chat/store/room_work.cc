#include "chat/store/room_work.h"

#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "chat/store/change_store.h"
#include "chat/store/json.h"

namespace tidemill::chat {
namespace {

using Column = sql::InsertShape::Column;
using Kind = sql::InsertShape::Kind;

constexpr std::array kChangeColumns = {Column{"room_id", Kind::kInteger}, Column{"version", Kind::kInteger},
                                       Column{"type", Kind::kText}, Column{"at", Kind::kInteger},
                                       Column{"data", Kind::kText}};
// Every so many versions those that need not be kept are dropped.
constexpr Version kDropEvery = 64;

constexpr std::string_view kSaveCounts =
    "update @room set last_seq = $2, root_count = $3, mention_count = $4, version = $5, last_message_seq = "
    "$6, last_message_user = $7, last_message_text = $8, last_message_at = $9 where id = $1";
constexpr std::string_view kSaveAll =
    "update @room set last_seq = $2, root_count = $3, mention_count = $4, version = $5, last_message_seq = "
    "$6, last_message_user = $7, last_message_text = $8, last_message_at = $9, name = $10, name_key = "
    "nullif($11, ''), topic = $12, is_private = $13, settings = $14, archived_at = $15, member_count = $16 "
    "where id = $1";

sql::Parameters CountsOf(const Room& room) {
  const LastMessage last = room.last_message.value_or(LastMessage{});
  return {room.id.value(), room.last_seq, room.root_count, room.mention_count, room.version,
          last.seq,        last.user_id,  last.text,       last.created_at.ms};
}

}  // namespace

RoomStatements::RoomStatements(const SqlContext& context)
    : lock(context.Make("select ROOM_COLUMNS from @room r where r.id = $1 and r.deleted_at = 0 FOR_UPDATE")),
      find_member(context.Make(
          "select MEMBER_COLUMNS from @member m where m.room_id = $1 and m.user_id = $2 FOR_UPDATE")),
      find_full(context.Make("select USER_COLUMNS, MEMBER_COLUMNS from @member m join @user u on u.id = "
                             "m.user_id where m.room_id = $1 and m.user_id = $2")),
      save_counts(context.Make(kSaveCounts)),
      save_all(context.Make(kSaveAll)),
      drop_changes(context.Make("delete from @change where room_id = $1 and version <= $2")),
      insert_audit(
          context.Make("insert into @audit (id, at, room_id, actor, action, target, detail) values ($1, $2, "
                       "$3, $4, $5, $6, $7)")),
      insert_changes(context.database().dialect(),
                     {.table = context.TableOf("change"), .columns = kChangeColumns}) {}

std::unexpected<Refusal> RoomWork::RefuseOutsider() const {
  if (room_.is_private) return Refuse(Code::kNotFound, "there is no such room");
  return Refuse(Code::kForbidden, "join the room first");
}

Task<Outcome<>> RoomWork::Open(RoomId id, Acting acting, WhenArchived when_archived) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work_.Run(statements_.lock, {id.value()}));
  if (rows.empty()) co_return Refuse(Code::kNotFound, "there is no such room");
  Cells cells(rows[0]);
  room_ = RoomOf(cells);
  version_before_ = room_.version;
  // Another statement, as it must see what was committed before the lock was there.
  if (!acting.user.empty()) {
    TM_CO_TRY_ASSIGN(actor_, co_await FindMember(acting.user));
  }
  if (!acting.by_workspace_role && acting.role_min) {
    if (!actor_) co_return RefuseOutsider();
    if (actor_->role < *acting.role_min)
      co_return Refuse(Code::kForbidden, "your role in this room does not allow this");
  }
  if (room_.archived_at && when_archived == WhenArchived::kRefuse)
    co_return Refuse(Code::kArchived, "the room is archived; unarchive it first");
  co_return Outcome<>{};
}

Task<Outcome<std::optional<MemberRow>>> RoomWork::FindMember(std::string user) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await work_.Run(statements_.find_member, {room_.id.value(), std::move(user)}));
  if (rows.empty()) co_return std::nullopt;
  Cells cells(rows[0]);
  co_return MemberRowOf(cells);
}

Task<Outcome<std::optional<Member>>> RoomWork::FindFull(std::string user) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await work_.Run(statements_.find_full, {room_.id.value(), std::move(user)}));
  if (rows.empty()) co_return std::nullopt;
  co_return MemberOf(room_.id, rows[0]);
}

void RoomWork::AddChange(Version version, std::string_view type, std::string data) {
  changes_.push_back({.room_id = room_.id,
                      .version = version,
                      .type = std::string(type),
                      .at = work_.now(),
                      .data = std::move(data)});
}

Task<Outcome<>> RoomWork::Audit(AuditId id, std::string actor, std::string_view action, std::string target,
                                std::string detail) {
  TM_CO_TRY(co_await work_.Change(statements_.insert_audit,
                                  {id.value(), work_.now().ms, room_.id.value(), std::move(actor),
                                   std::string(action), std::move(target), std::move(detail)}));
  co_return Outcome<>{};
}

Task<Outcome<>> RoomWork::Save(Saves saves) {
  std::vector<sql::Call> calls;
  sql::Parameters parameters = CountsOf(room_);
  if (saves == Saves::kAll) {
    const bool is_channel = room_.type == RoomType::kChannel || room_.type == RoomType::kBroadcast;
    parameters.insert(parameters.end(),
                      {room_.name, is_channel ? NameKey(room_.name) : std::string(), room_.topic,
                       std::int64_t{room_.is_private}, ToJson(room_.settings),
                       room_.archived_at ? room_.archived_at->ms : std::int64_t{0}, room_.member_count});
  }
  calls.push_back({.statement = saves == Saves::kAll ? statements_.save_all : statements_.save_counts,
                   .parameters = std::move(parameters)});
  sql::Insert::Rows rows(statements_.insert_changes, changes_.size(), calls);
  for (const Change& change : changes_)
    rows.Add(change.room_id.value()).Add(change.version).Add(change.type).Add(change.at.ms).Add(change.data);
  if (room_.version / kDropEvery != version_before_ / kDropEvery && room_.version > ChangeStore::kKept)
    calls.push_back({.statement = statements_.drop_changes,
                     .parameters = {room_.id.value(), room_.version - ChangeStore::kKept}});
  co_return co_await work_.RunAll(std::move(calls));
}

bool StandsAbove(Role actor, Role target) {
  return actor == Role::kOwner || (actor == Role::kModerator && target < Role::kModerator);
}

std::string NameKey(std::string_view name) { return ToLower(name); }

Outcome<> CheckText(std::string_view text, std::size_t bytes_max, std::string_view field) {
  if (text.size() > bytes_max)
    return Refuse(Code::kTooLong,
                  std::string(field) + " may have " + std::to_string(bytes_max) + " bytes at most",
                  std::string(field));
  if (text.contains('\0') || !IsUtf8(text))
    return Refuse(Code::kInvalid, std::string(field) + " must be UTF-8 without the character 0",
                  std::string(field));
  return {};
}

}  // namespace tidemill::chat
