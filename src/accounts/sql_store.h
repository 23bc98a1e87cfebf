// SqlStore: accounts in SQLite or PostgreSQL. Private to the folder; MakeSqlStore (store.h) makes one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accounts/decide.h"
#include "accounts/statements.h"
#include "accounts/store.h"

namespace tidemill::accounts {

class SqlStore final : public Store {
 public:
  SqlStore(net::Loop& loop, sql::Database& database, const SqlStoreOptions& options)
      : loop_(loop), database_(database), sql_(database.dialect(), options.postgres_schema) {}

  Task<Result<std::string>> TokenKey(std::string candidate) override;
  Task<Result<bool>> HasOwner() override;
  Task<Result<>> AddOwnerLink(std::string token_hash, Duration ttl) override;
  Task<Result<bool>> HasLink(LinkKind kind, std::string token_hash) override;
  Task<Result<Opened>> SetUp(std::string link_hash, NewUser user, NewSession session) override;
  Task<Result<Opened>> Join(std::string invite_hash, NewUser user, NewSession session) override;
  Task<Result<std::optional<Login>>> FindLogin(std::string username) override;
  Task<Result<std::optional<Login>>> FindLoginById(std::string user) override;
  Task<Result<Opened>> OpenSession(std::string user, std::string password_hash, NewSession session) override;
  Task<Result<std::optional<LiveSession>>> FindSession(std::string token_hash, Duration idle) override;
  Task<Result<>> TouchSession(std::string session) override;
  Task<Result<std::vector<Session>>> ListSessions(std::string user, Duration idle) override;
  Task<Result<Changed>> EndSession(Actor actor, std::string session) override;
  Task<Result<Changed>> EndSessions(Actor actor) override;
  Task<Result<std::vector<std::string>>> RecentlyEnded(Duration ago) override;
  Task<Result<User>> ChangeOwn(Actor actor, std::optional<std::string> name,
                               std::optional<std::string> email) override;
  Task<Result<Changed>> ChangePassword(Actor actor, std::string old_hash, std::string new_hash,
                                       std::string kept) override;
  Task<Result<>> Rehash(std::string user, std::string old_hash, std::string new_hash) override;
  Task<Result<UserPage>> ListUsers(std::string query, std::string after, std::int64_t limit) override;
  Task<Result<Changed>> ChangeUser(Actor actor, std::string user, UserChange change) override;
  Task<Result<>> AddResetLink(Actor actor, std::string user, std::string token_hash, Duration ttl) override;
  Task<Result<Changed>> ResetPassword(std::string token_hash, std::string new_hash,
                                      std::string address) override;
  Task<Result<Invite>> AddInvite(Actor actor, NewInvite invite) override;
  Task<Result<std::vector<Invite>>> ListInvites() override;
  Task<Result<>> RemoveInvite(Actor actor, std::string invite) override;
  Task<Result<std::optional<Invite>>> FindInvite(std::string token_hash) override;
  Task<Result<AuditPage>> ListAudit(AuditFilter filter, std::int64_t before, std::int64_t limit) override;
  Task<Result<std::int64_t>> BeginAction(Actor actor, std::string action, std::string target) override;
  Task<Result<>> EndAction(std::int64_t entry, std::string result) override;
  Task<Result<Counts>> Count() override;
  Task<Result<bool>> Sweep(Duration audit_kept) override;

 private:
  Task<Result<sql::Rows>> Read(sql::Statement statement, sql::Parameters parameters);
  Task<Result<std::uint64_t>> Write(sql::Statement statement, sql::Parameters parameters);

  net::Loop& loop_;
  sql::Database& database_;
  const Statements sql_;
};

}  // namespace tidemill::accounts
