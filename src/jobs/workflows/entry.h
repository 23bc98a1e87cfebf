// What Workflows keeps of a node. For workflows.cc alone.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "jobs/queue/fifo_list.h"
#include "jobs/workflows/node.h"
#include "jobs/workflows/workflows.h"

namespace tidemill::jobs {

struct Workflows::Entry : queue::FifoLink {
  Node node;
  std::vector<std::string> dependents;  // jids; some may have ended, or be gone
  std::size_t wanted_by = 0;            // blocked nodes that depend on it: its end is remembered for them
  bool is_linked = false;               // it is counted in wanted_by of those it depends on
  bool is_queued = false;               // it is in ready_ or cancelled_, or its text is being loaded
  bool is_forced = false;
  bool is_timed_out = false;  // it has waited for its signals for as long as it may
  bool is_changed = false;
  std::size_t tells = 0;  // in tells_
};

}  // namespace tidemill::jobs
