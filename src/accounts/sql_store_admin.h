// What managers do with accounts of others, as transactions (sql_store.h). Loop thread only.
#pragma once

#include <string>

#include "accounts/decide.h"
#include "accounts/statements.h"
#include "accounts/store.h"

namespace tidemill::accounts {

// Arguments are the caller's, who waits.
Task<sql::Result<>> ChangeUserIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                                 const std::string& user, const UserChange& change,
                                 Decision<Changed>& decision);
Task<sql::Result<>> AddResetLinkIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                                   const std::string& user, const std::string& token_hash, Duration ttl,
                                   Decision<User>& decision);
Task<sql::Result<>> AddInviteIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                                const NewInvite& invite, Decision<Invite>& decision);
Task<sql::Result<>> RemoveInviteIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                                   const std::string& invite, Decision<Invite>& decision);

}  // namespace tidemill::accounts
