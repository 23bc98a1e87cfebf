// Steps that transactions of the store are made of. Each runs on the transaction that it is given; loop
// thread only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/decide.h"
#include "accounts/statements.h"
#include "accounts/store.h"

namespace tidemill::accounts {

class Steps {
 public:
  // Both outlive it.
  Steps(sql::Transaction& transaction, const Statements& statements)
      : transaction_(transaction), sql_(statements) {}

  Task<sql::Result<sql::Rows>> Run(sql::Statement statement, sql::Parameters parameters = {});

  // From now on nobody else changes roles until this transaction ends.
  Task<sql::Result<>> Lock();
  Task<sql::Result<std::optional<User>>> FindUser(std::string id);
  // Takes what a login gives: ends the browser's old session, opens the new one, ends those that are too
  // many. No session (`opened.live.session.id` empty): the user is disabled, or has another password now.
  Task<sql::Result<>> OpenSession(User user, std::string password, const NewSession& session, Opened& opened);
  // All but `kept`.
  Task<sql::Result<>> EndSessions(std::string user, std::string kept, std::vector<std::string>& ended);
  Task<sql::Result<>> Audit(const Actor& actor, std::string_view action, std::string target,
                            std::string detail = "");

 private:
  sql::Transaction& transaction_;
  const Statements& sql_;
};

}  // namespace tidemill::accounts
