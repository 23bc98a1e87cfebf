// Claims that a policy of PostgreSQL looks at: two callers that differ in one of them may see different rows,
// so they must not share a cached answer.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidemill::queries {

// Of an expression as pg_get_expr writes it: "sub" of current_setting('request.jwt.claims'::text)::json ->>
// 'sub'::text, and of current_setting('request.jwt.claim.sub'::text). Sorted, each once. What a function
// looks at is not seen.
std::vector<std::string> ClaimsIn(std::string_view expression);

}  // namespace tidemill::queries
