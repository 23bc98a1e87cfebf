#include "chat/store/stored_values.h"

#include <algorithm>

#include "base/json_reader.h"
#include "chat/store/json.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kMemberCells = 12;

std::vector<std::string> ReadTexts(JsonReader& json) {
  std::vector<std::string> texts;
  json.EnterArray();
  while (json.NextElement()) texts.push_back(json.ReadString());
  return texts;
}

// A text that we have written ourselves: what is not as it should be stays as it was.
Mentions ReadMentions(std::string_view text) {
  Mentions mentions;
  if (text.empty()) return mentions;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "user_ids") mentions.user_ids = ReadTexts(json);
    if (*key == "room") mentions.room = json.ReadBool();
    if (*key == "here") mentions.here = json.ReadBool();
  }
  return mentions;
}

std::vector<Reaction> ReadReactions(std::string_view text) {
  std::vector<Reaction> reactions;
  if (text.empty()) return reactions;
  JsonReader json(text);
  json.EnterArray();
  while (json.NextElement()) {
    Reaction& reaction = reactions.emplace_back();
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      if (*key == "emoji") reaction.emoji = json.ReadString();
      if (*key == "count") reaction.count = json.ReadInteger<std::int64_t>();
      if (*key == "user_ids") reaction.user_ids = ReadTexts(json);
    }
  }
  return reactions;
}

std::vector<Attachment> ReadAttachments(std::string_view text) {
  std::vector<Attachment> attachments;
  if (text.empty()) return attachments;
  JsonReader json(text);
  json.EnterArray();
  while (json.NextElement()) {
    Attachment& attachment = attachments.emplace_back();
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      if (*key == "id") attachment.id = ParseId<AttachmentId>(json.ReadString()).value_or(AttachmentId(0));
      if (*key == "name") attachment.name = json.ReadString();
      if (*key == "type") attachment.type = json.ReadString();
      if (*key == "size") attachment.size = json.ReadInteger<std::int64_t>();
      if (*key == "width") attachment.width = json.ReadInteger<std::int64_t>();
      if (*key == "height") attachment.height = json.ReadInteger<std::int64_t>();
    }
  }
  return attachments;
}

}  // namespace

std::vector<std::string> ReadTexts(std::string_view text) {
  if (text.empty()) return {};
  JsonReader json(text);
  return ReadTexts(json);
}

RoomSettings ReadSettings(std::string_view text) {
  RoomSettings settings;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "who_can_post")
      settings.who_can_post = ParseWhoCanPost(json.ReadString()).value_or(WhoCanPost::kAll);
    if (*key == "slow_mode_s") settings.slow_mode_s = json.ReadInteger<std::int64_t>();
    if (*key == "text_max") settings.text_max = json.ReadInteger<std::int64_t>();
    if (*key == "retention_days") settings.retention_days = json.ReadInteger<std::int64_t>();
    if (*key == "threads") settings.threads = json.ReadBool();
    if (*key == "reactions") settings.reactions = json.ReadBool();
    if (*key == "typing") settings.typing = json.ReadBool();
    if (*key == "receipts") settings.receipts = json.ReadBool();
  }
  return settings;
}

User UserOf(Cells& cells) {
  User user{.id = cells.Text(), .name = cells.Text(), .username = cells.Text()};
  user.role = cells.Value<WorkspaceRole>();
  user.is_bot = cells.Bool();
  Status status{.emoji = cells.Text(), .text = cells.Text(), .until = cells.OptionalTime()};
  if (!status.emoji.empty() || !status.text.empty()) user.status = std::move(status);
  user.presence = cells.Value<Presence>();
  return user;
}

Room RoomOf(Cells& cells) {
  Room room;
  room.id = RoomId(cells.Integer());
  room.type = cells.Value<RoomType>();
  room.is_private = cells.Bool();
  room.name = cells.Text();
  room.user_ids = ReadTexts(cells.View());
  room.topic = cells.Text();
  room.created_at = cells.Time();
  room.created_by = cells.Text();
  room.archived_at = cells.OptionalTime();
  room.last_seq = cells.Integer();
  room.root_count = cells.Integer();
  room.mention_count = cells.Integer();
  room.version = cells.Integer();
  room.member_count = cells.Integer();
  room.settings = ReadSettings(cells.View());
  LastMessage last{
      .seq = cells.Integer(), .user_id = cells.Text(), .text = cells.Text(), .created_at = cells.Time()};
  if (last.seq > 0) room.last_message = std::move(last);
  return room;
}

std::optional<MemberRow> MemberRowOf(Cells& cells) {
  if (cells.NextIsNull()) {
    cells.Skip(kMemberCells);
    return std::nullopt;
  }
  MemberRow row;
  row.user_id = cells.Text();
  row.role = cells.Value<Role>();
  row.joined_at = cells.Time();
  row.muted_until = cells.OptionalTime();
  row.notify = cells.Value<Notify>();
  row.is_starred = cells.Bool();
  row.draft = cells.Text();
  row.read_seq = cells.Integer();
  row.read_root_n = cells.Integer();
  row.read_mention_n = cells.Integer();
  row.mention_count = cells.Integer();
  row.last_sent_at = cells.Time();
  return row;
}

Message MessageOf(Cells& cells) {
  Message message;
  message.id = MessageId(cells.Integer());
  message.room_id = RoomId(cells.Integer());
  message.seq = cells.Integer();
  message.user_id = cells.Text();
  message.type = cells.Value<MessageType>();
  message.text = cells.Text();
  message.client_msg_id = cells.Text();
  message.thread_id = MessageId(cells.Integer());
  message.reply_count = cells.Integer();
  message.last_reply_at = cells.OptionalTime();
  message.reply_user_ids = ReadTexts(cells.View());
  message.reactions = ReadReactions(cells.View());
  message.mentions = ReadMentions(cells.View());
  message.attachments = ReadAttachments(cells.View());
  message.is_pinned = cells.Bool();
  message.edited_at = cells.OptionalTime();
  message.deleted_at = cells.OptionalTime();
  message.created_at = cells.Time();
  message.version = cells.Integer();
  message.metadata = cells.Text();
  return message;
}

Membership MembershipOf(const MemberRow& row, const Room& room) {
  return {.role = row.role,
          .read_seq = row.read_seq,
          .unread = std::max<std::int64_t>(0, room.root_count - row.read_root_n),
          .mentions = row.mention_count + std::max<std::int64_t>(0, room.mention_count - row.read_mention_n),
          .notify = row.notify,
          .is_starred = row.is_starred,
          .draft = row.draft,
          .joined_at = row.joined_at,
          .muted_until = row.muted_until};
}

RoomView RoomViewOf(const sql::Row& row) {
  Cells cells(row);
  RoomView view{.room = RoomOf(cells), .membership = std::nullopt};
  if (const auto member = MemberRowOf(cells)) view.membership = MembershipOf(*member, view.room);
  return view;
}

Member MemberOf(RoomId room, const sql::Row& row) {
  Cells cells(row);
  Member member{.room_id = room, .user = UserOf(cells)};
  if (const auto stored = MemberRowOf(cells)) {
    member.role = stored->role;
    member.joined_at = stored->joined_at;
    member.muted_until = stored->muted_until;
  }
  return member;
}

std::string StoredTexts(const std::vector<std::string>& texts) {
  std::string text;
  if (texts.empty()) return text;
  JsonWriter json(text);
  json.BeginArray();
  for (const std::string& one : texts) json.String(one);
  json.EndArray();
  return text;
}

std::string StoredMentions(const Mentions& mentions) {
  return mentions.empty() ? std::string() : ToJson(mentions);
}

std::string StoredReactions(const std::vector<Reaction>& reactions) {
  return reactions.empty() ? std::string() : ToJson(reactions);
}

std::string StoredAttachments(const std::vector<Attachment>& attachments) {
  std::string text;
  if (attachments.empty()) return text;
  JsonWriter json(text);
  json.BeginArray();
  for (const Attachment& attachment : attachments) Write(json, attachment);
  json.EndArray();
  return text;
}

}  // namespace tidemill::chat
