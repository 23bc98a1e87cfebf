// Values as the JSON that clients get: in answers, in events, in the changes that are kept.
//
// Ids are texts, times ms since 1970. Each appends one object. Functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "chat/store/change.h"
#include "chat/store/hook_store.h"
#include "chat/store/member.h"
#include "chat/store/message.h"
#include "chat/store/moderation_store.h"
#include "chat/store/room.h"
#include "chat/store/schedule_store.h"
#include "chat/store/user.h"

namespace tidemill::chat {

void Write(JsonWriter& json, const User& user);
// Without a membership: as the room's channel carries it.
void Write(JsonWriter& json, const Room& room);
void Write(JsonWriter& json, const Membership& membership);
// The room with "membership", null where there is none.
void Write(JsonWriter& json, const RoomView& view);
// {"room_id","user_id","role","joined_at","muted_until","user"}
void Write(JsonWriter& json, const Member& member);
void Write(JsonWriter& json, const Message& message);
void Write(JsonWriter& json, const Attachment& attachment);
void Write(JsonWriter& json, const Mentions& mentions);
void Write(JsonWriter& json, const RoomSettings& settings);
void Write(JsonWriter& json, const ThreadState& thread);
void Write(JsonWriter& json, const std::vector<Reaction>& reactions);
void Write(JsonWriter& json, const Ban& ban);
void Write(JsonWriter& json, const Flag& flag);
// The flag with "message".
void Write(JsonWriter& json, const FlaggedMessage& flagged);
void Write(JsonWriter& json, const AuditEntry& entry);
void Write(JsonWriter& json, const ScheduledMessage& message);
void Write(JsonWriter& json, const Hook& hook);
// The whole event: {"type","room_id","version","ts","data"}
void Write(JsonWriter& json, const Change& change);

template <class T>
std::string ToJson(const T& value) {
  std::string text;
  JsonWriter json(text);
  Write(json, value);
  return text;
}

// {"NAME":value}
template <class T>
std::string ToJsonUnder(JsonName name, const T& value) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Key(name);
  Write(json, value);
  json.EndObject();
  return text;
}

// {"NAME":"TEXT"}
std::string TextUnder(JsonName name, std::string_view text);

// Where a client gets the file: "/chat/v1/files/ID/NAME".
std::string PathOf(const Attachment& attachment);

}  // namespace tidemill::chat
