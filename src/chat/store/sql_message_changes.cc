#include "chat/store/sql_message_changes.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "chat/search/indexed_text.h"
#include "chat/store/append_plan.h"
#include "chat/store/json.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kReactionUsersShown = 50;

// One more than there are, of the texts before the present one.
constexpr std::string_view kInsertEdit =
    "insert into @edit (message_id, number, text, at, user_id) select cast($1 as bigint), "
    "coalesce(max(number), "
    "0) + 1, cast($2 as text), cast($3 as bigint), cast($4 as text) from @edit where message_id = $1";
constexpr std::string_view kDropEdits =
    "delete from @edit where message_id = $1 and number <= (select max(number) from @edit where message_id = "
    "$1) - $2";
// Of members who have not read it yet.
constexpr std::string_view kUncountMentions =
    "update @member set mention_count = mention_count - 1 where room_id = $1 and read_seq < $2 and "
    "mention_count > 0 and user_id in (select n.user_id from @mention n where n.room_id = $1 and n.seq = $2)";

std::string DataOf(const Message& message, const std::string& emoji, const std::string& user) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("message_id", ToText(message.id));
  json.Member("emoji", emoji);
  json.Member("user_id", user);
  json.Key("reactions");
  Write(json, message.reactions);
  json.EndObject();
  return text;
}

std::string PinDataOf(const Message& message) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("message_id", ToText(message.id));
  json.EndObject();
  return text;
}

Outcome<> CheckMayEdit(const RoomWork& room, const Message& message, const Acting& acting, WallTime now) {
  if (message.user_id != acting.user || message.type != MessageType::kText)
    return Refuse(Code::kForbidden, "only its author edits a message");
  if (room.actor() && room.actor()->role == Role::kReadonly)
    return Refuse(Code::kForbidden, "your role in this room does not allow posting");
  if (room.actor() && room.actor()->muted_until && *room.actor()->muted_until > now)
    return std::unexpected(
        RefusalUntil(Code::kMuted, "you are muted in this room", *room.actor()->muted_until, now));
  return {};
}

Outcome<> CheckTextChange(const TextChange& change) {
  TM_TRY(CheckText(change.text, MessageStore::kTextBytesMax, "text"));
  if (change.mentions.user_ids.size() > MessageStore::kMentionsMax)
    return Refuse(Code::kTooMany, "a message mentions 50 people at most", "text");
  return {};
}

}  // namespace

SqlMessageChanges::SqlMessageChanges(SqlContext& context, const RoomStatements& rooms)
    : context_(context),
      rooms_(rooms),
      find_room_(context.Make("select room_id from @message where id = $1")),
      find_message_(
          context.Make("select MESSAGE_COLUMNS from @message g where g.id = $1 and g.room_id = $2")),
      edit_(context.Make(
          "update @message set text = $2, mentions = $3, flags = (flags & 4) + $4, edited_at = $5, version = "
          "$6 where id = $1")),
      insert_edit_(context.Make(kInsertEdit)),
      drop_edits_(context.Make(kDropEdits)),
      delete_(context.Make(
          "update @message set text = '', metadata = '', reactions = '', mentions = '', "
          "attachments = '', flags = flags & 4, is_pinned = 0, deleted_at = $2, version = $3 where id "
          "= $1")),
      delete_edits_(context.Make("delete from @edit where message_id = $1")),
      delete_told_(context.Make(
          "update @change set type = 'message.deleted', data = $3 where room_id = $1 and type in "
          "('message.created', 'message.updated') and data like $2")),
      delete_reactions_(context.Make("delete from @reaction where message_id = $1")),
      delete_pin_(context.Make("delete from @pin where room_id = $1 and message_id = $2")),
      free_attachments_(context.Make("update @attachment set message_id = 0, created_at = 0 where "
                                     "message_id = $1 and message_id > 0")),
      uncount_mentions_(context.Make(kUncountMentions)),
      delete_mentions_(context.Make("delete from @mention where room_id = $1 and seq = $2")),
      insert_search_(context.Make("insert into @search (rowid, text) values ($1, $2)")),
      delete_search_(context.Make("insert into @search (@search, rowid, text) values ('delete', $1, $2)")),
      insert_reaction_(context.Make("insert into @reaction (message_id, emoji, user_id, created_at) values "
                                    "($1, $2, $3, $4) on conflict do nothing")),
      delete_reaction_(
          context.Make("delete from @reaction where message_id = $1 and emoji = $2 and user_id = $3")),
      find_reacted_(context.Make(
          "select user_id from @reaction where message_id = $1 and emoji = $2 order by user_id limit $3")),
      save_reactions_(context.Make("update @message set reactions = $2, version = $3 where id = $1")),
      count_pins_(context.Make("select count(*) from @pin where room_id = $1")),
      insert_pin_(context.Make(
          "insert into @pin (room_id, message_id, user_id, created_at) values ($1, $2, $3, $4)")),
      save_pinned_(context.Make("update @message set is_pinned = $2, version = $3 where id = $1")) {}

Task<Outcome<RoomId>> SqlMessageChanges::FindRoom(MessageId message) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(find_room_, {message.value()}, 1));
  if (rows.empty()) co_return Refuse(Code::kNotFound, "there is no such message");
  co_return RoomId(Cells(rows[0]).Integer());
}

Task<Outcome<Message>> SqlMessageChanges::FindMessage(RoomWork& room, MessageId message) const {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await room.work().Run(find_message_, {message.value(), room.room().id.value()}));
  if (rows.empty()) co_return Refuse(Code::kNotFound, "there is no such message");
  Cells cells(rows[0]);
  co_return MessageOf(cells);
}

void SqlMessageChanges::UpdatePreview(Room& room, const Message& message) {
  if (room.last_message && room.last_message->seq == message.seq)
    room.last_message->text = PreviewOf(message.text);
}

std::vector<sql::Call> SqlMessageChanges::CallsOfEdit(const Message& before, const Message& after,
                                                      bool has_link) const {
  const std::int64_t id = before.id.value();
  const WallTime written = before.edited_at.value_or(before.created_at);
  std::vector<sql::Call> calls = {
      {.statement = insert_edit_, .parameters = {id, before.text, written.ms, before.user_id}},
      {.statement = drop_edits_, .parameters = {id, static_cast<std::int64_t>(MessageStore::kEditsKept)}},
      {.statement = edit_,
       .parameters = {id, after.text, StoredMentions(after.mentions), FlagsOf(has_link, after.attachments),
                      after.edited_at.value_or(WallTime{}).ms, after.version}}};
  if (context_.is_sqlite()) {
    calls.push_back({.statement = delete_search_, .parameters = {id, IndexedText(before.text)}});
    calls.push_back({.statement = insert_search_, .parameters = {id, IndexedText(after.text)}});
  }
  return calls;
}

Task<SqlMessageChanges::Result> SqlMessageChanges::DoEditText(Work& work, RoomId id, Acting acting,
                                                              MessageId message, TextChange text) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kRefuse));
  TM_CO_TRY_ASSIGN(const Message before, co_await FindMessage(room, message));
  if (before.deleted_at) co_return Refuse(Code::kNotFound, "the message was deleted");
  TM_CO_TRY(CheckMayEdit(room, before, acting, work.now()));
  if (before.text == text.text) co_return Changed<Message>{.value = before};
  if (text.text.empty() && before.attachments.empty())
    co_return Refuse(Code::kInvalid, "a message needs a text; delete it instead", "text");
  const auto characters = std::ranges::count_if(text.text, [](char c) { return !IsUtf8Continuation(c); });
  if (characters > room.room().settings.text_max)
    co_return Refuse(Code::kTooLong, "the text is too long for this room", "text");
  Message after = before;
  after.text = std::move(text.text);
  after.mentions = std::move(text.mentions);
  after.edited_at = work.now();
  after.version = room.NextVersion();
  TM_CO_TRY(co_await work.RunAll(CallsOfEdit(before, after, text.has_link)));
  UpdatePreview(room.room(), after);
  room.AddChange(after.version, "message.updated", ToJsonUnder("message", after));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kCounts));
  co_return Changed<Message>{.value = std::move(after), .changes = room.TakeChanges()};
}

Task<SqlMessageChanges::Result> SqlMessageChanges::EditText(Acting acting, MessageId message,
                                                            TextChange text) {
  TM_CO_TRY(CheckTextChange(text));
  TM_CO_TRY_ASSIGN(const RoomId room, co_await FindRoom(message));
  co_return co_await context_.ToEnd(InTransaction<Changed<Message>>(
      context_, [this, room, acting = std::move(acting), message, text = std::move(text)](Work& work) {
        return DoEditText(work, room, acting, message, text);
      }));
}

std::vector<sql::Call> SqlMessageChanges::CallsOfDelete(const Message& before, const Message& after) const {
  const std::int64_t id = before.id.value();
  const std::int64_t room = before.room_id.value();
  std::vector<sql::Call> calls = {
      {.statement = delete_, .parameters = {id, after.deleted_at.value_or(WallTime{}).ms, after.version}},
      {.statement = delete_edits_, .parameters = {id}},
      // What its text was is in no change either. `data` begins so: ToJsonUnder, WriteMessage.
      {.statement = delete_told_,
       .parameters = {room, R"({"message":{"id":")" + ToText(before.id) + R"(",%)",
                      ToJsonUnder("message", after)}},
      {.statement = delete_reactions_, .parameters = {id}},
      {.statement = delete_pin_, .parameters = {room, id}},
      {.statement = free_attachments_, .parameters = {id}},
      {.statement = uncount_mentions_, .parameters = {room, before.seq}},
      {.statement = delete_mentions_, .parameters = {room, before.seq}}};
  if (context_.is_sqlite())
    calls.push_back({.statement = delete_search_, .parameters = {id, IndexedText(before.text)}});
  return calls;
}

Task<SqlMessageChanges::Result> SqlMessageChanges::DoDelete(Work& work, RoomId id, Acting acting,
                                                            MessageId message) {
  RoomWork room(work, rooms_);
  const std::optional<Role> role_min = acting.role_min;
  if (role_min) acting.role_min = Role::kReadonly;
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kRefuse));
  TM_CO_TRY_ASSIGN(const Message before, co_await FindMessage(room, message));
  const bool is_author = before.user_id == acting.user && before.type == MessageType::kText;
  const bool is_above =
      acting.by_workspace_role || !role_min || (room.actor() && room.actor()->role >= *role_min);
  if (!is_author && !is_above)
    co_return Refuse(Code::kForbidden, "only its author or a moderator deletes a message");
  if (before.deleted_at) co_return Changed<Message>{.value = before};
  Message after = before;
  after.text.clear();
  after.metadata.clear();
  after.reactions.clear();
  after.mentions = {};
  after.attachments.clear();
  after.is_pinned = false;
  after.deleted_at = work.now();
  after.version = room.NextVersion();
  TM_CO_TRY(co_await work.RunAll(CallsOfDelete(before, after)));
  UpdatePreview(room.room(), after);
  room.AddChange(after.version, "message.deleted", ToJsonUnder("message", after));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kCounts));
  if (!is_author) {
    TM_CO_TRY(co_await room.Audit(context_.ids().Make<AuditId>(), acting.user, "message.deleted",
                                  ToText(before.id), TextUnder("user_id", before.user_id)));
  }
  co_return Changed<Message>{.value = std::move(after), .changes = room.TakeChanges()};
}

Task<SqlMessageChanges::Result> SqlMessageChanges::Delete(Acting acting, MessageId message) {
  TM_CO_TRY_ASSIGN(const RoomId room, co_await FindRoom(message));
  co_return co_await context_.ToEnd(InTransaction<Changed<Message>>(
      context_, [this, room, acting = std::move(acting), message](Work& work) {
        return DoDelete(work, room, acting, message);
      }));
}

Task<Outcome<>> SqlMessageChanges::RefillUsers(Work& work, MessageId message, Reaction& reaction) const {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await work.Run(find_reacted_, {message.value(), reaction.emoji,
                                                     static_cast<std::int64_t>(kReactionUsersShown)}));
  reaction.user_ids.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) reaction.user_ids.emplace_back(rows[i][0].text);
  co_return Outcome<>{};
}

Task<SqlMessageChanges::Result> SqlMessageChanges::DoReact(Work& work, RoomId id, Acting acting,
                                                           MessageId message_id, std::string emoji,
                                                           Reacts reacts) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kRefuse));
  if (!room.room().settings.reactions) co_return Refuse(Code::kForbidden, "this room has no reactions");
  TM_CO_TRY_ASSIGN(Message message, co_await FindMessage(room, message_id));
  if (message.deleted_at) co_return Refuse(Code::kNotFound, "the message was deleted");
  const bool adds = reacts == Reacts::kAdds;
  sql::Parameters parameters{message_id.value(), emoji, acting.user};
  if (adds) parameters.emplace_back(work.now().ms);
  TM_CO_TRY_ASSIGN(const std::size_t changed,
                   co_await work.Change(adds ? insert_reaction_ : delete_reaction_, std::move(parameters)));
  if (changed == 0) co_return Changed<Message>{.value = std::move(message)};
  auto found = std::ranges::find(message.reactions, emoji, &Reaction::emoji);
  if (found == message.reactions.end()) {
    if (message.reactions.size() >= MessageStore::kEmojiMax)
      co_return Refuse(Code::kTooMany, "a message has 50 different reactions at most", "emoji");
    found = message.reactions.insert(found, Reaction{.emoji = emoji});
  }
  found->count += adds ? 1 : -1;
  if (found->count <= 0) {
    message.reactions.erase(found);
  } else if (!adds) {
    TM_CO_TRY(co_await RefillUsers(work, message_id, *found));
  } else if (found->user_ids.size() < kReactionUsersShown) {
    found->user_ids.push_back(acting.user);
  }
  message.version = room.NextVersion();
  TM_CO_TRY(co_await work.Change(save_reactions_,
                                 {message_id.value(), StoredReactions(message.reactions), message.version}));
  room.AddChange(message.version, adds ? "reaction.added" : "reaction.removed",
                 DataOf(message, emoji, acting.user));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kCounts));
  co_return Changed<Message>{.value = std::move(message), .changes = room.TakeChanges()};
}

Task<SqlMessageChanges::Result> SqlMessageChanges::React(Acting acting, MessageId message, std::string emoji,
                                                         Reacts reacts) {
  TM_CO_TRY(CheckText(emoji, MessageStore::kEmojiBytesMax, "emoji"));
  if (emoji.empty()) co_return Refuse(Code::kInvalid, "name an emoji", "emoji");
  TM_CO_TRY_ASSIGN(const RoomId room, co_await FindRoom(message));
  co_return co_await context_.ToEnd(InTransaction<Changed<Message>>(
      context_, [this, room, acting = std::move(acting), message, emoji = std::move(emoji),
                 reacts](Work& work) { return DoReact(work, room, acting, message, emoji, reacts); }));
}

Task<SqlMessageChanges::Result> SqlMessageChanges::DoPin(Work& work, RoomId id, Acting acting,
                                                         MessageId message_id, Pins pins) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kRefuse));
  TM_CO_TRY_ASSIGN(Message message, co_await FindMessage(room, message_id));
  if (message.deleted_at) co_return Refuse(Code::kNotFound, "the message was deleted");
  const bool is_pinned = pins == Pins::kPins;
  if (message.is_pinned == is_pinned) co_return Changed<Message>{.value = std::move(message)};
  if (is_pinned) {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(count_pins_, {id.value()}));
    if (Cells(rows[0]).Integer() >= static_cast<std::int64_t>(MessageStore::kPinsMax))
      co_return Refuse(Code::kTooMany, "a room has 100 pins at most; unpin another message");
    TM_CO_TRY(
        co_await work.Change(insert_pin_, {id.value(), message_id.value(), acting.user, work.now().ms}));
  } else {
    TM_CO_TRY(co_await work.Change(delete_pin_, {id.value(), message_id.value()}));
  }
  message.is_pinned = is_pinned;
  message.version = room.NextVersion();
  TM_CO_TRY(
      co_await work.Change(save_pinned_, {message_id.value(), std::int64_t{is_pinned}, message.version}));
  room.AddChange(message.version, is_pinned ? "pin.added" : "pin.removed", PinDataOf(message));
  TM_CO_TRY(co_await room.Save(RoomWork::Saves::kCounts));
  co_return Changed<Message>{.value = std::move(message), .changes = room.TakeChanges()};
}

Task<SqlMessageChanges::Result> SqlMessageChanges::Pin(Acting acting, RoomId room, MessageId message,
                                                       Pins pins) {
  return context_.ToEnd(InTransaction<Changed<Message>>(
      context_, [this, room, acting = std::move(acting), message, pins](Work& work) {
        return DoPin(work, room, acting, message, pins);
      }));
}

}  // namespace tidemill::chat
