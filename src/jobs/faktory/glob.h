// The patterns of MUTATE: those of Redis (SCAN MATCH). Any thread.
#pragma once

#include <string_view>

namespace tidemill::faktory {

// * any bytes, ? one, [abc] [a-z] [^a] one of a set, \ takes what follows as it is. The whole text must
// match. Takes at most the product of both lengths.
bool MatchesGlob(std::string_view pattern, std::string_view text);

}  // namespace tidemill::faktory
