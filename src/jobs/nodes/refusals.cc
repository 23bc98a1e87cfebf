#include "jobs/nodes/refusals.h"

#include <fmt/format.h>

namespace tidemill::nodes {

std::string HasTheJobs(const jobs::Owner& owner) {
  if (owner.address.empty()) return fmt::format("node {} has the jobs", owner.node);
  return fmt::format("node {} at {} has the jobs", owner.node, owner.address);
}

std::optional<std::string> WhyNotReachable(const jobs::Owner& owner, const config::Secret& key) {
  if (owner.address.empty()) {
    return HasTheJobs(owner) + " and says no address where others reach it: set its jobs.nodes.listen";
  }
  if (key.empty()) return HasTheJobs(owner) + "; to forward to it this node needs jobs.nodes.key";
  return std::nullopt;
}

std::string DoesNotAnswer(const jobs::Owner& owner, std::string_view why) {
  return fmt::format("{} and does not answer ({}); try again in a moment", HasTheJobs(owner), why);
}

std::string WrongKey(const jobs::Owner& owner) {
  return HasTheJobs(owner) +
         " and does not take this node's jobs.nodes.key: it must be the same on all nodes";
}

}  // namespace tidemill::nodes
