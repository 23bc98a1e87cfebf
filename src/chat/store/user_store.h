// UserStore: the people and bots that chat has seen. Part of Store (store.h), whose contract holds here too.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chat/store/refusal.h"
#include "chat/store/user.h"
#include "net/task.h"

namespace tidemill::chat {

struct Upserted {
  User user;
  bool has_changed = false;  // it is new, or name, username, role or bot are others
};

struct UserPage {
  std::vector<User> users;  // by name
  std::string cursor;       // of the next page; "": there is none
};

struct UserQuery {
  std::string text;  // a piece of name or username, in any case; "": all
  std::string cursor;
  std::size_t limit = 50;  // at most 200
};

class UserStore {
 public:
  virtual ~UserStore() = default;

  // kInvalid: an id of no or more than 64 bytes, a name that is too long or no text.
  virtual Task<Outcome<Upserted>> Upsert(Identity identity) = 0;
  // Those of them that are there, in any order. At most 1,000 ids.
  virtual Task<Outcome<std::vector<User>>> Find(std::vector<std::string> ids) = 0;
  // By usernames, in any case. At most 200.
  virtual Task<Outcome<std::vector<User>>> FindByUsername(std::vector<std::string> usernames) = 0;
  virtual Task<Outcome<UserPage>> List(UserQuery query) = 0;
  // Up to `limit` (1,000) of those whom this user meets: in direct rooms first, then in all of theirs.
  virtual Task<Outcome<std::vector<User>>> FindAround(std::string user, std::size_t limit) = 0;

  // Each gives the user as it is now. kNotFound: there is none.
  virtual Task<Outcome<User>> Rename(std::string user, std::string name) = 0;
  virtual Task<Outcome<User>> SetStatus(std::string user, std::optional<Status> status) = 0;
  virtual Task<Outcome<User>> SetPresence(std::string user, Presence presence) = 0;
};

}  // namespace tidemill::chat
