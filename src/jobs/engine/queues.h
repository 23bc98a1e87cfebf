// Queues: what there is of them, and what is done with one as a whole.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jobs/engine/core.h"
#include "net/task.h"

namespace tidemill::jobs {

// Of Record::kind: the key is a queue's name.
inline constexpr std::string_view kQueueKind = "queue";

// Those that have had a job, or have a pause or limits; not those that only workers wait for.
std::vector<QueueView> QueueViews(const Core& core);
// One of which nothing is there but its name gives its id up, if one is found soon.
void CloseOne(Core& core);
// nullopt: nobody has named such a queue.
std::optional<QueueView> FindQueueView(const Core& core, std::string_view name);
Result<> Pause(Core& core, std::string_view queue);
Result<> Resume(Core& core, std::string_view queue);
Result<> LoadQueue(Core& core, const Record& record);
Task<Result<std::size_t>> RemoveQueue(Core& core, std::string queue);

}  // namespace tidemill::jobs
