// Store: where accounts are kept: users, the sessions of their browsers, invitations, links, the audit log.
//
// Each change is one transaction, which decides by what it finds inside of it: who asks may have lost the
// right meanwhile. What a change ends is told, so that caches and connections can be told.
//
// Errors, beside those of a database (kUnavailable, kLimitExceeded, kTimeout, kInternal): kNotFound: the
// thing asked for, or the link, is not there or is used up. kAlreadyExists: the user name is taken.
// kPermissionDenied: the actor may not. kRefused: nobody may; the detail says why, for anybody to read.
// kUnauthenticated: the actor is not who it was.
//
// One per loop, loop thread only. testing/store_contract.cc is this comment in executable form.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/user.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "sql/database.h"

namespace tidemill::accounts {

// Who asks, and from where.
struct Actor {
  std::string user;  // "": nobody who is known
  std::string address;
  // Who runs the server, with a key of the HTTP API: may what an owner may, and is kOperator in the audit
  // log.
  bool is_operator = false;
};
inline constexpr std::string_view kOperator = "operator";

struct NewUser {
  std::string id;
  std::string username;
  std::string name;
  std::string email;
  std::string password;  // hash
};

struct NewSession {
  std::string id;
  std::string token_hash;
  std::string address;
  std::string agent;
  Duration ttl;               // at the latest
  std::string replaces_hash;  // of the session that the browser had; "": none
};

enum class LinkKind : std::uint8_t { kOwner, kReset };

// Whom a session stands for.
struct LiveSession {
  Session session;
  User user;
};

struct Opened {
  LiveSession live;
  std::vector<std::string> ended;  // token ids (TokenIdOf), of sessions that ended in its favour
};

struct UserChange {
  std::optional<Role> role;
  std::optional<bool> disabled;
  std::optional<std::string> name;
  std::optional<std::string> console;  // as User::console
};

struct Changed {
  User user;
  std::vector<std::string> ended;  // token ids that are not good any more
};

struct NewInvite {
  std::string id;
  std::string token_hash;
  Role role = Role::kMember;
  std::int64_t uses = 1;
  std::string email;
  Duration ttl;
};

struct UserPage {
  std::vector<User> users;  // by user name
  bool has_more = false;
};

// Which entries of the audit log; what is empty admits all.
struct AuditFilter {
  std::string actor;   // a user name, or kOperator
  std::string action;  // what it contains
  std::string target;  // what it contains, or a user name
  bool empty() const { return actor.empty() && action.empty() && target.empty(); }
};

struct AuditPage {
  std::vector<AuditEntry> entries;  // the newest first
  std::int64_t next = 0;            // the rest stands before this id; 0: there is none
};
// So many are looked at for one page.
inline constexpr std::int64_t kAuditLookedAtMax = 10'000;

struct Counts {
  std::int64_t users = 0;
  std::int64_t sessions = 0;
};

inline constexpr std::int64_t kSessionsPerUserMax = 50;
inline constexpr std::int64_t kInvitesMax = 1000;

// The claim jti of a session's tokens.
std::string TokenIdOf(const std::string& session_id, std::int64_t generation);

class Store {
 public:
  virtual ~Store() = default;

  // The key that tokens of the realtime connection are signed with: `candidate`, unless there is one.
  virtual Task<Result<std::string>> TokenKey(std::string candidate) = 0;
  virtual Task<Result<bool>> HasOwner() = 0;
  // Any number may be there while there is no owner; the first that is used ends all.
  virtual Task<Result<>> AddOwnerLink(std::string token_hash, Duration ttl) = 0;
  // Whether the link would be taken: before a password is hashed for it.
  virtual Task<Result<bool>> HasLink(LinkKind kind, std::string token_hash) = 0;

  virtual Task<Result<Opened>> SetUp(std::string link_hash, NewUser user, NewSession session) = 0;
  virtual Task<Result<Opened>> Join(std::string invite_hash, NewUser user, NewSession session) = 0;

  // Whoever has the user name, with the hash of the password ("": has none); nullopt: nobody.
  struct Login {
    User user;
    std::string password;
  };
  virtual Task<Result<std::optional<Login>>> FindLogin(std::string username) = 0;
  virtual Task<Result<std::optional<Login>>> FindLoginById(std::string user) = 0;
  // kUnauthenticated: the password has changed since, or the user is disabled. At most kSessionsPerUserMax
  // stay; those that were not seen for longest end.
  virtual Task<Result<Opened>> OpenSession(std::string user, std::string password_hash,
                                           NewSession session) = 0;

  // nullopt: there is none, or not any more. `idle`: for how long it may not have been seen.
  virtual Task<Result<std::optional<LiveSession>>> FindSession(std::string token_hash, Duration idle) = 0;
  virtual Task<Result<>> TouchSession(std::string session) = 0;
  virtual Task<Result<std::vector<Session>>> ListSessions(std::string user, Duration idle) = 0;
  // A session of the actor's own.
  virtual Task<Result<Changed>> EndSession(Actor actor, std::string session) = 0;
  virtual Task<Result<Changed>> EndSessions(Actor actor) = 0;
  // Token ids that have ended within the last `ago`: a node that starts refuses them.
  virtual Task<Result<std::vector<std::string>>> RecentlyEnded(Duration ago) = 0;

  virtual Task<Result<User>> ChangeOwn(Actor actor, std::optional<std::string> name,
                                       std::optional<std::string> email) = 0;
  // All sessions but `kept` end. kUnauthenticated: the password is not `old_hash` any more.
  virtual Task<Result<Changed>> ChangePassword(Actor actor, std::string old_hash, std::string new_hash,
                                               std::string kept) = 0;
  // The same hash at another cost. Nothing if it has changed since.
  virtual Task<Result<>> Rehash(std::string user, std::string old_hash, std::string new_hash) = 0;

  virtual Task<Result<UserPage>> ListUsers(std::string query, std::string after, std::int64_t limit) = 0;
  virtual Task<Result<Changed>> ChangeUser(Actor actor, std::string user, UserChange change) = 0;
  // One for each user: an earlier one ends.
  virtual Task<Result<>> AddResetLink(Actor actor, std::string user, std::string token_hash,
                                      Duration ttl) = 0;
  virtual Task<Result<Changed>> ResetPassword(std::string token_hash, std::string new_hash,
                                              std::string address) = 0;

  virtual Task<Result<Invite>> AddInvite(Actor actor, NewInvite invite) = 0;
  virtual Task<Result<std::vector<Invite>>> ListInvites() = 0;
  virtual Task<Result<>> RemoveInvite(Actor actor, std::string invite) = 0;
  virtual Task<Result<std::optional<Invite>>> FindInvite(std::string token_hash) = 0;

  // `before`: an id; 0: from the newest. A page of a filter may have fewer than there are: see `next`.
  virtual Task<Result<AuditPage>> ListAudit(AuditFilter filter, std::int64_t before, std::int64_t limit) = 0;
  // An entry for what is about to be done; gives its id. EndAction says what came of it.
  virtual Task<Result<std::int64_t>> BeginAction(Actor actor, std::string action, std::string target) = 0;
  virtual Task<Result<>> EndAction(std::int64_t entry, std::string result) = 0;

  virtual Task<Result<Counts>> Count() = 0;
  // Removes some of what has expired; whether there may be more.
  virtual Task<Result<bool>> Sweep(Duration audit_kept) = 0;
};

struct SqlStoreOptions {
  std::string postgres_schema = "tidemill";
};
// `loop` is the database's; both outlive it.
std::unique_ptr<Store> MakeSqlStore(net::Loop& loop, sql::Database& database, const SqlStoreOptions& options);

}  // namespace tidemill::accounts
