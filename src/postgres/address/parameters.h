// Parameters: what a connection string says, keyword by keyword, before anybody asks what the values mean.
//
// Two forms, as libpq reads them (PostgreSQL documentation, "Connection Strings"):
//   postgres://[user[:password]@][host[:port][,…]][/database][?keyword=value[&…]]      also postgresql://
//   keyword=value keyword='value with \' and blanks' …
// Several hosts stand in "host" as "a,b", their ports in "port" as "5432,5433".
//
// Errors never quote a value, nor a keyword that may be a piece of an unquoted password.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::postgres {

using Parameters = std::map<std::string, std::string, std::less<>>;

// kInvalidArgument: which part is wrong, and how. Every keyword that is given is one of Keywords().
Result<Parameters> ParseConnectionString(std::string_view text);

}  // namespace tidemill::postgres
