// WorkflowDefinition: a workflow as somebody writes it down: jobs with names, and what each comes after.
// Values; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/job/job.h"

namespace tidemill::jobs {

inline constexpr std::size_t kWorkflowNodesMax = 1000;

struct WorkflowDefinition {
  struct Node {
    std::string name;
    job::Job job;  // its custom may name signals, a sequence, what it does when something fails
    std::vector<std::string> after;  // names
  };
  std::vector<Node> nodes;
};

// The jobs, each behind those that it depends on, which have custom.workflow, node and depends_on now.
// kInvalidArgument: no nodes, a name that is there twice, that is not there, or a circle, which is spelled
// out: "a → b → a"; kLimitExceeded.
Result<std::vector<job::Job>> MakeJobs(WorkflowDefinition definition, std::string_view workflow,
                                       WallTime now);

}  // namespace tidemill::jobs
