// Registry: the connected sessions of one loop, by user.
//
// Loop thread only. A session is in it from its accepted token to its end. Adding and removing take constant
// time however many sessions a user has (all anonymous ones are the user "").
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace tidemill::session {

class Session;

// A session's place among those of its user; embedded in the session.
struct RegistryLink {
  Session* previous = nullptr;
  Session* next = nullptr;
};

class Registry {
 public:
  void Add(Session& session);
  void Remove(Session& session);

  // A copy: sessions may end while the caller walks it.
  std::vector<Session*> OfUser(std::string_view user) const;
  std::vector<Session*> All() const;
  std::vector<std::string_view> Users() const;  // distinct; borrowed until the next change

  std::size_t sessions() const { return sessions_; }

 private:
  struct UserHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view user) const;
    std::size_t operator()(const Session* session) const;
  };
  struct UserEqual {
    using is_transparent = void;
    bool operator()(const Session* a, const Session* b) const;
    bool operator()(std::string_view a, const Session* b) const;
    bool operator()(const Session* a, std::string_view b) const;
  };

  std::unordered_set<Session*, UserHash, UserEqual> first_of_user_;
  std::size_t sessions_ = 0;
};

}  // namespace tidemill::session
