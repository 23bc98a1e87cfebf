// What goes out of a job's change, and of queues and batches. Any thread.
#pragma once

#include <optional>
#include <string>

#include "jobs/engine/changes.h"
#include "jobs/engine/engine.h"

namespace tidemill::live {

// A change that may wait for its turn: one that comes after it takes over how far the job is.
struct Change {
  jobs::JobState state = jobs::JobState::kUnknown;
  std::string members;  // of the JSON object, all but the progress, without braces
  std::optional<int> percent;
  std::optional<std::string> description;

  void TakeOver(Change&& earlier);
};

Change ChangeOf(const jobs::JobChange& change);
// {"jid":"…","state":"working","queue":"…","type":"…","attempt":1,"at":"…","percent":40,…}
std::string ToJson(const Change& change);

// What goes out in queue:{name}, and in batch:{id}.
std::string ToJson(const jobs::QueueView& queue);
std::string ToJson(const jobs::Batch& batch);

}  // namespace tidemill::live
