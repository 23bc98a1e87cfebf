// Applied: a change of a room by the store, published in its turn (Rooms::Write). Loop thread only: the
// owner's.
#pragma once

#include <functional>
#include <utility>

#include "chat/rooms/rooms.h"
#include "chat/store/change.h"
#include "chat/store/store.h"
#include "net/task.h"

namespace tidemill::chat {

// What the store is asked to do; no coroutine itself.
template <class T>
using StoreWrite = std::function<Task<Outcome<Changed<T>>>(Store& store)>;

template <class T>
Task<Outcome<T>> Apply(RoomsOfLoop& rooms, OpenRoom& open, StoreWrite<T> write) {
  Outcome<Changed<T>> changed = co_await write(rooms.store());
  if (!changed) co_return std::unexpected(std::move(changed).error());
  rooms.writer().Publish(open, changed->changes);
  co_return std::move(changed->value);
}

// What needs nothing but that.
template <class T>
RoomWrite<T> Applied(StoreWrite<T> write) {
  return
      [write = std::move(write)](RoomsOfLoop& rooms, OpenRoom& open) { return Apply<T>(rooms, open, write); };
}

}  // namespace tidemill::chat
