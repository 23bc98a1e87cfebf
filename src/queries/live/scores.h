// AssignScores: where the rows of a result stand in an ordered map, so that few of them move when one comes
// in between.
//
// A function; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tidemill::queries::live {

// For each row, in the order of the result, the score it had before; nullopt: it is new. Gives the scores
// from now on, from high to low, each within broker::kMapScoreMax. As many rows as possible keep theirs,
// unless there is no room left between two: then all are numbered anew.
std::vector<std::int64_t> AssignScores(std::span<const std::optional<std::int64_t>> before);

}  // namespace tidemill::queries::live
