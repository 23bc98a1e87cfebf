#include "chat/store/json.h"

#include "base/ascii.h"
#include "base/percent.h"

namespace tidemill::chat {
namespace {

void WriteId(JsonWriter& json, JsonName name, std::int64_t id) {
  json.Key(name);
  if (id == 0) {
    json.Null();
  } else {
    json.String(std::to_string(id));
  }
}

void WriteTime(JsonWriter& json, JsonName name, const std::optional<WallTime>& at) {
  json.Key(name);
  if (at) {
    json.Integer(at->ms);
  } else {
    json.Null();
  }
}

void WriteTexts(JsonWriter& json, JsonName name, const std::vector<std::string>& texts) {
  json.Key(name);
  json.BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

void WriteStatus(JsonWriter& json, const std::optional<Status>& status) {
  json.Key("status");
  if (!status) {
    json.Null();
    return;
  }
  json.BeginObject();
  json.Member("emoji", status->emoji);
  json.Member("text", status->text);
  WriteTime(json, "until", status->until);
  json.EndObject();
}

void WriteLastMessage(JsonWriter& json, const std::optional<LastMessage>& message) {
  json.Key("last_message");
  if (!message) {
    json.Null();
    return;
  }
  json.BeginObject();
  json.Member("seq", message->seq);
  json.Member("user_id", message->user_id);
  json.Member("text", message->text);
  json.Member("created_at", message->created_at.ms);
  json.EndObject();
}

void WriteMembers(JsonWriter& json, const Room& room) {
  json.Member("id", ToText(room.id));
  json.Member("type", Name(room.type));
  json.Member("private", room.is_private);
  json.Member("name", room.name);
  json.Member("topic", room.topic);
  json.Member("created_at", room.created_at.ms);
  json.Member("created_by", room.created_by);
  WriteTime(json, "archived_at", room.archived_at);
  json.Member("last_seq", room.last_seq);
  json.Member("root_count", room.root_count);
  json.Member("version", room.version);
  json.Member("member_count", room.member_count);
  json.Key("settings");
  Write(json, room.settings);
  WriteLastMessage(json, room.last_message);
  if (room.type == RoomType::kDirect || room.type == RoomType::kGroup)
    WriteTexts(json, "user_ids", room.user_ids);
}

void WriteFlag(JsonWriter& json, const Flag& flag, const Message* message) {
  json.BeginObject();
  json.Member("id", ToText(flag.id));
  json.Member("room_id", ToText(flag.room_id));
  json.Member("message_id", ToText(flag.message_id));
  json.Member("user_id", flag.user_id);
  json.Member("reason", flag.reason);
  json.Member("created_at", flag.created_at.ms);
  if (message != nullptr) {
    json.Key("message");
    Write(json, *message);
  }
  json.EndObject();
}
}  // namespace

void Write(JsonWriter& json, const User& user) {
  json.BeginObject();
  json.Member("id", user.id);
  json.Member("name", user.name);
  json.Member("username", user.username);
  json.Member("role", Name(user.role));
  json.Member("bot", user.is_bot);
  WriteStatus(json, user.status);
  json.EndObject();
}

void Write(JsonWriter& json, const Room& room) {
  json.BeginObject();
  WriteMembers(json, room);
  json.EndObject();
}

void Write(JsonWriter& json, const Membership& membership) {
  json.BeginObject();
  json.Member("role", Name(membership.role));
  json.Member("read_seq", membership.read_seq);
  json.Member("unread", membership.unread);
  json.Member("mentions", membership.mentions);
  json.Member("notify", Name(membership.notify));
  json.Member("starred", membership.is_starred);
  json.Member("draft", membership.draft);
  json.Member("joined_at", membership.joined_at.ms);
  WriteTime(json, "muted_until", membership.muted_until);
  json.EndObject();
}

void Write(JsonWriter& json, const RoomView& view) {
  json.BeginObject();
  WriteMembers(json, view.room);
  json.Key("membership");
  if (view.membership) {
    Write(json, *view.membership);
  } else {
    json.Null();
  }
  json.EndObject();
}

void Write(JsonWriter& json, const Member& member) {
  json.BeginObject();
  json.Member("room_id", ToText(member.room_id));
  json.Member("user_id", member.user.id);
  json.Member("role", Name(member.role));
  json.Member("joined_at", member.joined_at.ms);
  WriteTime(json, "muted_until", member.muted_until);
  json.Key("user");
  Write(json, member.user);
  json.EndObject();
}

void Write(JsonWriter& json, const Message& message) {
  json.BeginObject();
  json.Member("id", ToText(message.id));
  json.Member("room_id", ToText(message.room_id));
  json.Member("seq", message.seq);
  json.Member("user_id", message.user_id);
  json.Member("type", Name(message.type));
  json.Member("text", message.text);
  if (!message.client_msg_id.empty()) json.Member("client_msg_id", message.client_msg_id);
  WriteId(json, "thread_id", message.thread_id.value());
  json.Member("reply_count", message.reply_count);
  WriteTime(json, "last_reply_at", message.last_reply_at);
  WriteTexts(json, "reply_user_ids", message.reply_user_ids);
  json.Key("reactions");
  Write(json, message.reactions);
  json.Key("mentions");
  Write(json, message.mentions);
  json.Key("attachments");
  json.BeginArray();
  for (const Attachment& attachment : message.attachments) Write(json, attachment);
  json.EndArray();
  json.Member("pinned", message.is_pinned);
  WriteTime(json, "edited_at", message.edited_at);
  WriteTime(json, "deleted_at", message.deleted_at);
  json.Member("created_at", message.created_at.ms);
  json.Member("version", message.version);
  if (!message.metadata.empty()) json.RawMember("metadata", message.metadata);
  json.EndObject();
}

void Write(JsonWriter& json, const Attachment& attachment) {
  json.BeginObject();
  json.Member("id", ToText(attachment.id));
  json.Member("name", attachment.name);
  json.Member("type", attachment.type);
  json.Member("size", attachment.size);
  if (attachment.width > 0) json.Member("width", attachment.width);
  if (attachment.height > 0) json.Member("height", attachment.height);
  json.Member("url", PathOf(attachment));
  json.EndObject();
}

void Write(JsonWriter& json, const Mentions& mentions) {
  json.BeginObject();
  WriteTexts(json, "user_ids", mentions.user_ids);
  json.Member("room", mentions.room);
  json.Member("here", mentions.here);
  json.EndObject();
}

void Write(JsonWriter& json, const RoomSettings& settings) {
  json.BeginObject();
  json.Member("who_can_post", Name(settings.who_can_post));
  json.Member("slow_mode_s", settings.slow_mode_s);
  json.Member("text_max", settings.text_max);
  json.Member("retention_days", settings.retention_days);
  json.Member("threads", settings.threads);
  json.Member("reactions", settings.reactions);
  json.Member("typing", settings.typing);
  json.Member("receipts", settings.receipts);
  json.EndObject();
}

void Write(JsonWriter& json, const ThreadState& thread) {
  json.BeginObject();
  json.Member("message_id", ToText(thread.message_id));
  json.Member("reply_count", thread.reply_count);
  WriteTime(json, "last_reply_at", thread.last_reply_at);
  WriteTexts(json, "reply_user_ids", thread.reply_user_ids);
  json.EndObject();
}

void Write(JsonWriter& json, const std::vector<Reaction>& reactions) {
  json.BeginArray();
  for (const Reaction& reaction : reactions) {
    json.BeginObject();
    json.Member("emoji", reaction.emoji);
    json.Member("count", reaction.count);
    WriteTexts(json, "user_ids", reaction.user_ids);
    json.EndObject();
  }
  json.EndArray();
}

void Write(JsonWriter& json, const Change& change) {
  json.BeginObject();
  json.Member("type", change.type);
  json.Member("room_id", ToText(change.room_id));
  json.Member("version", change.version);
  json.Member("ts", change.at.ms);
  json.RawMember("data", change.data);
  json.EndObject();
}

std::string PathOf(const Attachment& attachment) {
  std::string path = "/chat/v1/files/" + ToText(attachment.id) + "/";
  for (const char c : attachment.name) {
    if (IsLetter(c) || IsDigit(c) || std::string_view("-._~").contains(c)) {  // RFC 3986 section 2.3
      path += c;
    } else {
      AppendPercentEncoded(c, path);
    }
  }
  return path;
}

void Write(JsonWriter& json, const Ban& ban) {
  json.BeginObject();
  json.Member("room_id", ToText(ban.room_id));
  json.Member("user_id", ban.user_id);
  json.Key("until");
  ban.until ? json.Integer(ban.until->ms) : json.Null();
  json.Member("reason", ban.reason);
  json.Member("banned_by", ban.banned_by);
  json.Member("created_at", ban.created_at.ms);
  json.EndObject();
}

void Write(JsonWriter& json, const Flag& flag) { WriteFlag(json, flag, nullptr); }
void Write(JsonWriter& json, const FlaggedMessage& flagged) {
  WriteFlag(json, flagged.flag, &flagged.message);
}

void Write(JsonWriter& json, const AuditEntry& entry) {
  json.BeginObject();
  json.Member("id", ToText(entry.id));
  json.Member("at", entry.at.ms);
  json.Member("room_id", ToText(entry.room_id));
  json.Member("actor", entry.actor);
  json.Member("action", entry.action);
  json.Member("target", entry.target);
  json.RawMember("detail", entry.detail.empty() ? "{}" : entry.detail);
  json.EndObject();
}

void Write(JsonWriter& json, const ScheduledMessage& message) {
  json.BeginObject();
  json.Member("id", ToText(message.id));
  json.Member("room_id", ToText(message.room_id));
  json.Key("thread_id");
  message.thread_id.value() == 0 ? json.Null() : json.String(ToText(message.thread_id));
  json.Member("text", message.text);
  json.Member("at", message.at.ms);
  json.Member("created_at", message.created_at.ms);
  json.Key("problem");
  message.problem.empty() ? json.Null() : json.String(message.problem);
  json.EndObject();
}

void Write(JsonWriter& json, const Hook& hook) {
  json.BeginObject();
  json.Member("id", ToText(hook.id));
  json.Member("room_id", ToText(hook.room_id));
  json.Member("name", hook.name);
  json.Member("created_by", hook.created_by);
  json.Member("created_at", hook.created_at.ms);
  json.EndObject();
}

std::string TextUnder(JsonName name, std::string_view text) {
  std::string object;
  JsonWriter json(object);
  json.BeginObject();
  json.Member(name, text);
  json.EndObject();
  return object;
}

}  // namespace tidemill::chat
