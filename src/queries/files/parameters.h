// ResolveParameters: a query's parameters, from its statements, its tags and its route.
#pragma once

#include <span>
#include <string_view>

#include "queries/files/problem.h"
#include "queries/files/query.h"
#include "queries/files/tags.h"
#include "queries/files/token.h"

namespace tidemill::files {

// Those of the statements, in order of their first use, with what is declared of them. Writes the parameters
// of the query and of its statements. Problems: declared or in the path but unused, a source that does not
// fit, names that differ only in case, too many.
void ResolveParameters(std::string_view text, std::span<const Token> tokens, const Declared& declared,
                       Query& query, Problems& problems);

}  // namespace tidemill::files
