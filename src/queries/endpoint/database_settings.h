// What PostgreSQL is told of a request, in settings of its transaction, under PostgREST's names, so that
// policies and functions made for that work unchanged: role, request.jwt.claims, request.method,
// request.path, request.headers (docs.postgrest.org, "Transactions"), and statement_timeout.
//
// Functions; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "queries/endpoint/identity.h"
#include "sql/statement.h"

namespace tidemill::queries {

// As which role a request runs: the first of its token's roles; else `anonymous_role`. "": as the role that
// we connect as, which is an API key's too.
std::string_view RoleOf(const Identity& identity, std::string_view anonymous_role);

// `timeout`: the database's own watch over the statement.
std::shared_ptr<const sql::LocalSettings> DatabaseSettings(const http::Request& request,
                                                           const Identity& identity, std::string_view role,
                                                           Duration timeout);
// Of an answer that is kept for all callers who agree in the role and in the claims of `scope`: nothing else
// of this caller or of this request, for a view may look at it.
std::shared_ptr<const sql::LocalSettings> SharedDatabaseSettings(const http::Request& request,
                                                                 const Identity& identity,
                                                                 std::string_view role, Duration timeout,
                                                                 const std::vector<std::string>& scope);

}  // namespace tidemill::queries
