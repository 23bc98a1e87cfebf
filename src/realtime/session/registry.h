// Registry: the connected sessions of one loop, by user, and by secret where they have one.
//
// Loop thread only. A session is in it from its accepted token to its end. Adding and removing take constant
// time however many sessions a user has (all anonymous ones are the user "").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/intrusive_list.h"
#include "base/random.h"

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

  // Goes through the sessions of a user, in as many turns as it takes: whichever session leaves meanwhile,
  // the walk goes on behind it. Those that come meanwhile may be left out. Ends before the registry.
  class Walk : private ListLink<Walk> {
   public:
    Walk(Registry& registry, std::string_view user);
    Session* Next();  // null: that was all

   private:
    friend class IntrusiveList<Walk>;
    friend class Registry;
    Session* next_;
  };

  // Goes through all sessions, in as many turns as it takes. One that was there from the beginning to the end
  // is given at least once; when many come meanwhile, it may begin again. Ends before the registry.
  class WalkAll {
   public:
    explicit WalkAll(Registry& registry) : registry_(registry) {}
    bool done() const { return done_; }
    // Null: that was all, if it is done; else there was a long gap.
    Session* Next();

   private:
    void LookFurther();

    Registry& registry_;
    std::size_t buckets_ = 0;
    std::size_t bucket_ = 0;          // that comes next
    std::vector<std::string> users_;  // of the buckets before it, whose sessions were not given yet
    std::optional<Walk> walk_;
    bool done_ = false;
  };

  // The session of that secret; null: there is none.
  Session* BySecret(const Uuid& secret) const;

  std::size_t CountOfUser(std::string_view user) const;
  // Any, at most so many. A copy: sessions may end while the caller walks it.
  std::vector<Session*> Some(std::size_t count_max) const;

  std::size_t users() const { return first_of_user_.size(); }  // distinct
  // Distinct users as hashes, from `bucket` on, about `count` of them; gives the bucket to go on with, 0
  // after the last. Between two calls the table may change: what an earlier call gave may then come again.
  std::size_t AppendUserHashes(std::size_t bucket, std::size_t count, std::vector<std::size_t>& hashes) const;

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

  struct SecretHash {
    using is_transparent = void;
    std::size_t operator()(const Uuid& secret) const;
    std::size_t operator()(const Session* session) const;
  };
  struct SecretEqual {
    using is_transparent = void;
    bool operator()(const Session* a, const Session* b) const { return a == b; }
    bool operator()(const Uuid& a, const Session* b) const;
    bool operator()(const Session* a, const Uuid& b) const { return (*this)(b, a); }
  };

  Session* FirstOf(std::string_view user) const;

  std::unordered_set<Session*, UserHash, UserEqual> first_of_user_;
  std::unordered_set<Session*, SecretHash, SecretEqual> by_secret_;
  std::size_t sessions_ = 0;
  IntrusiveList<Walk> walks_;
};

}  // namespace tidemill::session
