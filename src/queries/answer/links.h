// Links to the pages beside one (RFC 8288): relative ones, so that they are right behind every proxy.
//
// Functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "queries/files/query.h"

namespace tidemill::queries {

// What of a request's query string every page has: the endpoint's parameters and its order, each with a '&'
// behind it. All else is left out: limit, offset and cursor, which differ, and credentials, which an answer
// that is kept would tell to others.
std::string KeptQuery(const files::Query& query, std::string_view sent);

// "<?a=1&offset=50>; rel=\"next\"".
std::string Link(std::string_view query, std::string_view relation);

}  // namespace tidemill::queries
