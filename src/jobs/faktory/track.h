// What TRACK GET answers. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "jobs/engine/engine.h"

namespace tidemill::faktory {

// {"jid","state","updated_at","percent"?,"desc"?}: Faktory's six states, which clients know by name. A view
// of kUnknown is that of a job nobody knows; one that is not tracked is unknown here, as in Faktory.
std::string TrackJson(std::string_view jid, const jobs::JobView& view);

}  // namespace tidemill::faktory
