// People: who calls, as chat knows them: the user's row is made when they are first seen, and changed when
// their claims have.
//
// What was looked up is kept for kKnownFor, so that calls cost nothing; of at most kKnownMax people. One per
// loop, loop thread only; must outlive the tasks it gave.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "chat/delivery/online.h"
#include "chat/store/store.h"
#include "chat/store/user.h"
#include "net/loop.h"
#include "net/task.h"

namespace tidemill::chat {

class People {
 public:
  static constexpr Duration kKnownFor = Seconds(30);
  static constexpr std::size_t kKnownMax = 20'000;

  // `announce`: told of people whose name, username or role is another. All outlive it.
  People(net::Loop& loop, Store& store, std::function<void(const User&)> announce)
      : loop_(loop), store_(store), announce_(std::move(announce)) {}

  // Somebody with these claims (claims.h).
  Task<Outcome<User>> FromClaims(std::string user, std::string claims);
  // Somebody for whom a service acts: as they are; a bot, if nobody has seen them.
  Task<Outcome<User>> FromService(std::string user);

  // Looked up anew the next time.
  void Forget(std::string_view user);
  std::size_t known() const { return known_.size(); }

 private:
  struct Known {
    Identity identity;
    User user;
    MonotonicTime until{};
  };
  const Known* Find(std::string_view user) const;
  User Keep(Identity identity, User user);
  Task<Outcome<User>> Upsert(Identity identity);

  net::Loop& loop_;
  Store& store_;
  const std::function<void(const User&)> announce_;
  ByUser<Known> known_;
};

}  // namespace tidemill::chat
