#include "chat/rooms/audience.h"

#include <algorithm>

#include "chat/delivery/channels.h"
#include "chat/delivery/event.h"
#include "chat/store/json.h"
#include "net/next_turn.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kMemberPage = 10'000;

bool IsConversation(const Room& room) {
  return room.type == RoomType::kDirect || room.type == RoomType::kGroup;
}

bool IsNewRoot(const Outcome<Sent>& sent) {
  return sent && sent->is_new && !sent->thread && sent->message.type == MessageType::kText;
}

}  // namespace

Task<void> Audience::LoadMembers(OpenRoom& room) {
  if (!room.room || IsConversation(*room.room)) co_return;
  const bool is_old = at_.has_other_nodes && room.members_at + kMembersAge < at_.loop.Now();
  if (room.members && !is_old) co_return;
  if (room.room->member_count > static_cast<std::int64_t>(kMembersMax)) {
    room.members.reset();
    co_return;
  }
  OpenRoom::Users members;
  std::string after;
  while (members.size() <= kMembersMax) {
    const auto page = co_await at_.store.rooms().ListMemberIds(room.id, after, kMemberPage);
    if (!page) co_return;
    for (const std::string& each : *page) {
      members.insert(members.end(), each);
      if (at_.loop.ShareSpent()) co_await net::NextTurn(at_.loop);
    }
    if (page->size() < kMemberPage) break;
    after = page->back();
  }
  room.members = std::move(members);
  room.members_at = at_.loop.Now();
}

void Audience::AddMember(OpenRoom& room, const std::string& user) {
  if (room.members) room.members->insert(user);
}

void Audience::RemoveMember(OpenRoom& room, const std::string& user) {
  if (room.members) room.members->erase(user);
  room.typed_at.erase(user);
  room.receipts.erase(user);
}

// Whether all of its members are told of each message.
bool Audience::HearsAtOnce(const OpenRoom& room) const { return IsConversation(*room.room); }

void Audience::OnAppended(OpenRoom& room, const Appended& appended) {
  bool has_root = false;
  std::int64_t root_count = appended.room.root_count - std::ranges::count_if(appended.sends, IsNewRoot);
  std::set<std::string_view> mentioned;
  for (const Outcome<Sent>& each : appended.sends) {
    if (!each || !each->is_new) continue;
    const Message& message = each->message;
    if (each->thread) {
      if (room.threads.size() < kThreadsMax) room.threads.insert_or_assign(message.thread_id, *each->thread);
    } else {
      has_root = true;
      if (room.has_activity) at_.courier.metrics().activity_coalesced.Add();
      room.has_activity = true;
      room.has_mention = room.has_mention || message.mentions.room || message.mentions.here;
      if (IsNewRoot(each)) ++root_count;
      if (each->has_read) TellSender(room, message, root_count);
    }
    mentioned.insert(each->mentioned.begin(), each->mentioned.end());
  }
  if (!mentioned.empty()) {
    Letter letter{.users = {}, .event = ActivityOf(*room.room, true)};
    for (const std::string_view each : mentioned) {
      if (at_.online.Listens(each)) letter.users.emplace_back(each);
    }
    at_.courier.metrics().activity_sent.Add(letter.users.size());
    at_.courier.SpawnToEach(std::move(letter));
  }
  if (has_root && HearsAtOnce(room)) {
    room.has_activity = false;
    TellMembers(room, ActivityOf(*room.room, std::exchange(room.has_mention, false)));
  }
  if (room.has_activity || !room.threads.empty()) ScheduleFlush(room);
}

void Audience::NoteActivity(OpenRoom& room) {
  room.has_activity = true;
  ScheduleFlush(room);
}

// Sending moves the sender's own marker. `root_count` is that of the room up to this message.
void Audience::TellSender(OpenRoom& room, const Message& message, std::int64_t root_count) {
  if (!at_.online.Listens(message.user_id)) return;
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Member("room_id", ToText(room.id));
    json.Member("read_seq", message.seq);
    json.Member("unread", 0);
    json.Member("mentions", 0);
    json.Member("root_count", root_count);
  });
  at_.courier.PublishTo(
      message.user_id,
      EventJson({.type = "unread.updated", .room_id = room.id, .at = at_.loop.clock().WallNow()}, data));
}

void Audience::TellMembers(OpenRoom& room, std::string event) {
  if (room.room && IsConversation(*room.room)) {
    for (const std::string& user : room.room->user_ids) {
      if (at_.online.Listens(user)) at_.courier.PublishTo(user, event);
    }
    return;
  }
  if (room.members) scope_.Spawn(SendToMembers(*this, room.id, std::move(event)));
}

// Members may come and go, and the room be forgotten, between two turns.
Task<void> Audience::SendToMembers(Audience& self, RoomId id, std::string event) {
  std::string last;
  bool is_first = true;
  while (true) {
    OpenRoom* const room = self.at_.rooms.Find(id);
    if (room == nullptr || !room->members) co_return;
    auto next = is_first ? room->members->begin() : room->members->upper_bound(last);
    is_first = false;
    std::size_t told = 0;
    while (next != room->members->end() && !self.at_.loop.ShareSpent()) {
      last = *next++;
      if (!self.at_.online.Listens(last)) continue;
      self.at_.courier.PublishTo(last, event);
      ++told;
    }
    self.at_.courier.metrics().activity_sent.Add(told);
    if (next == room->members->end()) co_return;
    co_await net::NextTurn(self.at_.loop);
  }
}

Task<void> Audience::SendToFollowers(Audience& self, RoomId id, ThreadState thread) {
  auto followers = co_await self.at_.store.threads().ListFollowers(thread.message_id);
  if (!followers) co_return;
  std::erase_if(*followers, [&self](const std::string& user) { return !self.at_.online.Listens(user); });
  if (followers->empty()) co_return;
  std::string data = ToJson(thread);
  data.insert(1, "\"room_id\":\"" + ToText(id) + "\",");
  const EventHead head{.type = "thread.updated", .room_id = id, .at = self.at_.loop.clock().WallNow()};
  co_await self.at_.courier.PublishToEach({.users = *std::move(followers), .event = EventJson(head, data)});
}

void Audience::NoteRead(OpenRoom& room, const std::string& user, Seq seq) {
  if (!room.room || !room.room->settings.receipts || room.room->type == RoomType::kBroadcast) return;
  if (room.room->member_count > kReceiptMembersMax) return;
  Seq& noted = room.receipts[user];
  noted = std::max(noted, seq);
  ScheduleFlush(room);
}

bool Audience::Type(OpenRoom& room, const std::string& user, MessageId thread) {
  const MonotonicTime now = at_.loop.Now();
  if (now - room.typing_second >= Seconds(1)) {
    room.typing_second = now;
    room.typing_count = 0;
    std::erase_if(room.typed_at,
                  [&](const auto& each) { return each.second + at_.settings.typing_interval < now; });
  }
  const auto found = room.typed_at.find(user);
  const bool is_early =
      found != room.typed_at.end() && (now - found->second).ms * 2 < at_.settings.typing_interval.ms;
  const bool is_full = found == room.typed_at.end() && room.typed_at.size() >= kTypersMax;
  if (is_early || is_full || room.typing_count >= kTypingPerSecond) {
    at_.courier.metrics().typing_dropped.Add();
    return false;
  }
  ++room.typing_count;
  room.typed_at.insert_or_assign(user, now);
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Member("user_id", user);
    json.Key("thread_id");
    thread.value() == 0 ? json.Null() : json.String(ToText(thread));
  });
  at_.courier.Publish(
      LiveRoomChannel(room.id),
      EventJson({.type = "typing.started", .room_id = room.id, .at = at_.loop.clock().WallNow()}, data));
  return true;
}

void Audience::ScheduleFlush(OpenRoom& room) {
  if (room.flush_at != MonotonicTime{}) return;
  const MonotonicTime now = at_.loop.Now();
  if (now - room.flushed_at >= at_.settings.activity_interval) return Flush(room);
  room.flush_at = room.flushed_at + at_.settings.activity_interval;
  due_.emplace_back(room.flush_at, room.id);
  if (!scheduled()) at_.loop.timers().Schedule(*this, room.flush_at);
}

void Audience::OnTimer() {
  while (!due_.empty() && due_.front().first <= at_.loop.Now()) {
    OpenRoom* const room = at_.rooms.Find(due_.front().second);
    due_.pop_front();
    if (room == nullptr) continue;
    room->flush_at = {};
    Flush(*room);
    if (at_.loop.ShareSpent()) break;
  }
  if (!due_.empty()) at_.loop.timers().Schedule(*this, due_.front().first);
}

void Audience::Flush(OpenRoom& room) {
  const MonotonicTime now = at_.loop.Now();
  room.flushed_at = now;
  // A room that was deleted has nobody to tell.
  if (std::exchange(room.has_activity, false) && room.room) {
    TellMembers(room, ActivityOf(*room.room, std::exchange(room.has_mention, false)));
  }
  for (const auto& [user, seq] : room.receipts) {
    const std::string data = ObjectJson([&](JsonWriter& json) {
      json.Member("user_id", user);
      json.Member("read_seq", seq);
    });
    at_.courier.Publish(
        LiveRoomChannel(room.id),
        EventJson({.type = "read.updated", .room_id = room.id, .at = at_.loop.clock().WallNow()}, data));
  }
  room.receipts.clear();
  for (auto& [id, thread] : room.threads) scope_.Spawn(SendToFollowers(*this, room.id, std::move(thread)));
  room.threads.clear();
}

std::string Audience::ActivityOf(const Room& room, bool is_mention) const {
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Member("room_id", ToText(room.id));
    json.Member("last_seq", room.last_seq);
    json.Member("root_count", room.root_count);
    json.Key("last_message");
    if (room.last_message) {
      json.BeginObject();
      json.Member("seq", room.last_message->seq);
      json.Member("user_id", room.last_message->user_id);
      json.Member("text", room.last_message->text);
      json.Member("created_at", room.last_message->created_at.ms);
      json.EndObject();
    } else {
      json.Null();
    }
    json.Member("mention", is_mention);
  });
  return EventJson({.type = "room.activity", .room_id = room.id, .at = at_.loop.clock().WallNow()}, data);
}

}  // namespace tidemill::chat
