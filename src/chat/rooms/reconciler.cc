#include "chat/rooms/reconciler.h"

#include <algorithm>
#include <utility>

#include "base/json_reader.h"
#include "base/log.h"
#include "chat/delivery/channels.h"
#include "chat/delivery/event.h"
#include "chat/store/json.h"
#include "net/next_turn.h"

namespace tidemill::chat {
namespace {

// One transaction makes at most so many: a batch of sends, each with its thread.
constexpr Version kChangesMax = 2 * static_cast<Version>(MessageStore::kBatchMax);
constexpr std::size_t kPage = 500;

// Of {"member":{"user_id":…}}.
std::string MemberOf(const Change& change) {
  std::string user;
  JsonReader json(change.data);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "member") continue;
    json.EnterObject();
    while (const auto inner = json.NextKey()) {
      if (*inner == "user_id") user = json.ReadString();
    }
  }
  return user;
}

}  // namespace

Task<bool> Reconciler::Reconcile(OpenRoom& room) {
  auto found = co_await at_.store.rooms().Find(room.id, "");
  if (!found) co_return false;
  if (!*found) {
    TellDeleted(room);
    room.Forget();
    room.doubtful_since.reset();
    co_return true;
  }
  auto behind = co_await Behind(room, (*found)->room.version);
  if (!behind) co_return false;
  room.Forget();
  room.room = std::move((*found)->room);
  co_await at_.audience.LoadMembers(room);
  // Before anything of it is published.
  if (room.room->is_private) co_await at_.followers.EndVisits(room);
  for (const Change& each : *behind) {
    if (each.type == "member.removed") co_await at_.followers.End(room.id, MemberOf(each));
  }
  log::Info("chat.room_reconciled", {{"room", ToText(room.id)}, {"published", behind->size()}});
  for (Change& each : *behind) co_await Tell(room, std::move(each));
  room.published = room.room->version;
  room.doubtful_since.reset();
  co_return true;
}

Task<Outcome<std::vector<Change>>> Reconciler::Behind(const OpenRoom& room, Version version) {
  std::vector<Change> behind;
  Version after = room.published > 0 ? room.published : std::max<Version>(0, version - kChangesMax);
  while (after < version) {
    TM_CO_TRY_ASSIGN(ChangePage page, co_await at_.store.changes().ListAfter(room.id, after, kPage));
    if (page.changes.empty()) break;  // they are not kept any more: who follows the room sees the gap
    after = page.changes.back().version;
    for (Change& each : page.changes) {
      if (room.published > 0 || each.at >= *room.doubtful_since) behind.push_back(std::move(each));
    }
  }
  co_return behind;
}

Task<void> Reconciler::Tell(OpenRoom& room, Change change) {
  at_.courier.Publish(RoomChannel(room.id), ToJson(change));
  if (change.type == "message.created") {
    at_.audience.NoteActivity(room);
  } else if (change.type.starts_with("room.")) {
    at_.audience.TellMembers(room, AsPersonal(change));
  } else if (change.type == "member.added") {
    // What the room is for them they ask for themselves.
    at_.courier.PublishTo(MemberOf(change), EventNow(at_.loop, "resync", {}, "{}"));
  } else if (change.type.starts_with("member.")) {
    at_.courier.PublishTo(MemberOf(change), AsPersonal(change));
  }
  if (at_.loop.ShareSpent()) co_await net::NextTurn(at_.loop);
}

// Of one that was never published there is nobody to tell.
void Reconciler::TellDeleted(const OpenRoom& room) {
  if (room.published == 0) return;
  at_.courier.Publish(RoomChannel(room.id), ToJson(RoomDeleted(at_.loop, room.id, room.published + 1)));
  at_.courier.ForgetHistory(RoomChannel(room.id));
}

}  // namespace tidemill::chat
