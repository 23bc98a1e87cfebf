// CheckContradictions: tags that are right by themselves and exclude each other, the method, or what the
// statements do.
#pragma once

#include <span>
#include <string_view>

#include "queries/files/problem.h"
#include "queries/files/query.h"
#include "queries/files/tags.h"
#include "queries/files/token.h"

namespace tidemill::files {

// `query` is complete; `tokens` are those of its statements and of all between them.
void CheckContradictions(std::string_view text, std::span<const Token> tokens, const Declared& declared,
                         const Query& query, Problems& problems);

}  // namespace tidemill::files
