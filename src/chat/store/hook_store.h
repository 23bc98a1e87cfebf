// HookStore: incoming hooks; of their tokens only a digest is kept. Part of Store (store.h), whose contract
// holds here too.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/store/ids.h"
#include "chat/store/member.h"
#include "chat/store/refusal.h"
#include "net/task.h"

namespace tidemill::chat {

struct Hook {
  HookId id;  // given by the store
  RoomId room_id;
  std::string name;
  std::string created_by;
  WallTime created_at;  // likewise
};

class HookStore {
 public:
  static constexpr std::size_t kHooksMax = 50;  // of a room

  virtual ~HookStore() = default;

  // `token_digest`: SHA-256 of the token, 64 hexadecimal digits.
  virtual Task<Outcome<Hook>> Add(Acting acting, Hook hook, std::string token_digest) = 0;
  virtual Task<Outcome<std::vector<Hook>>> List(RoomId room) = 0;
  virtual Task<Outcome<std::optional<Hook>>> FindByDigest(std::string token_digest) = 0;
  virtual Task<Outcome<>> Remove(Acting acting, RoomId room, HookId hook) = 0;
};

}  // namespace tidemill::chat
