// PublishChanges: what has changed in a live query, row by row, into its channel.
//
// A task on the publisher's loop.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "net/task.h"
#include "queries/live/cohort.h"
#include "queries/live/own_writes.h"
#include "queries/live/window.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/protocol/codes.h"

namespace tidemill::queries::live {

// The tag of a row that says where it stands: the higher the number, the further up in the result.
inline constexpr std::string_view kOrderTag = "order";
// Of the last row of a refresh: whoever has it has all transactions up to this one, and these, with blanks
// between them.
inline constexpr std::string_view kSettledTag = "txid";
inline constexpr std::string_view kLaterTag = "txids";

// Gives what has refused one; nullopt: the channel has them all, or the cohort has ended meanwhile. `maps`
// outlives the task.
Task<std::optional<protocol::ErrorCode>> PublishChanges(broker::MapPublisher& maps, CohortPtr cohort,
                                                        std::vector<Change> changes, SeenWrites told);

}  // namespace tidemill::queries::live
