// Services: what the operations of one loop work with. Loop thread only; borrowed, all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "chat/delivery/courier.h"
#include "chat/delivery/online.h"
#include "chat/operations/later_metrics.h"
#include "chat/rooms/rooms.h"
#include "chat/rooms/settings.h"
#include "chat/rooms/user_rates.h"
#include "chat/store/store.h"
#include "net/loop.h"
#include "realtime/broker/publisher.h"

namespace tidemill::chat {

struct Services {
  net::Loop& loop;
  Store& store;
  const Rooms& rooms;
  Courier& courier;
  const OnlineUsers& online;
  broker::Publisher& publisher;
  UserRates& rates;
  const ChatSettings& settings;
  LaterMetrics& later;
  std::uint64_t upload_bytes_max = 0;  // of one file; 0: nothing is uploaded
  // A person is another now: all loops look them up anew, and everybody is told.
  std::function<void(const User& user)> announce;
  // What somebody wants to be seen as.
  std::function<void(const std::string& user, Presence presence)> choose;
};

}  // namespace tidemill::chat
