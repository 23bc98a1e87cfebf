// Applied: a change of a room by the store, published in its turn (Rooms::Write). Loop thread only: the
// owner's.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "chat/delivery/event.h"
#include "chat/rooms/rooms.h"
#include "chat/store/change.h"
#include "chat/store/store.h"
#include "net/task.h"

namespace tidemill::chat {

// What the store is asked to do; no coroutine itself.
template <class T>
using StoreWrite = std::function<Task<Outcome<Changed<T>>>(Store& store)>;

template <class T>
Task<Outcome<T>> Apply(RoomsOfLoop& rooms, StoreWrite<T> write) {
  Outcome<Changed<T>> changed = co_await write(rooms.store());
  if (!changed) co_return std::unexpected(std::move(changed).error());
  rooms.writer().Publish(changed->changes);
  co_return std::move(changed->value);
}

// What needs nothing but that.
template <class T>
RoomWrite<T> Applied(StoreWrite<T> write) {
  return [write = std::move(write)](RoomsOfLoop& rooms, OpenRoom&) { return Apply<T>(rooms, write); };
}

// The same event as in the room's channel, for those who do not look at the room.
inline std::string AsPersonal(const Change& change) {
  return EventJson({.type = change.type, .room_id = change.room_id, .at = change.at}, change.data);
}

// What of no room's version is: {"type","room_id","ts","data"} with the time of now.
inline std::string EventNow(const net::Loop& loop, std::string_view type, RoomId room,
                            std::string_view data) {
  return EventJson({.type = type, .room_id = room, .at = loop.clock().WallNow()}, data);
}

}  // namespace tidemill::chat
