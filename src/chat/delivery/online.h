// OnlineUsers: who is connected, and who was a moment ago, as each loop knows it from the one board of the
// node (presence_board.h).
//
// One per loop, loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "chat/store/user.h"

namespace tidemill::chat {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

template <class T>
using ByUser = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

// What others see of a connected user; nullopt: they are not connected.
using Shown = std::optional<Presence>;

class OnlineUsers {
 public:
  // nullopt: away a moment ago, so that what happens is still kept in their channel.
  void Set(std::string_view user, Shown shown) { users_.insert_or_assign(std::string(user), shown); }
  void Forget(std::string_view user) {
    if (const auto found = users_.find(user); found != users_.end()) users_.erase(found);
  }

  // Whether there is somebody, now or when they come back, for what is published in their channel.
  bool Listens(std::string_view user) const { return users_.contains(user); }
  Shown Of(std::string_view user) const {
    const auto found = users_.find(user);
    return found == users_.end() ? std::nullopt : found->second;
  }
  const ByUser<Shown>& users() const { return users_; }

 private:
  ByUser<Shown> users_;
};

}  // namespace tidemill::chat
