#include "broker/recovery.h"

#include <utility>

namespace tidemill::broker {
namespace {

bool Contiguous(const SubscribeOptions& options, const StreamPosition& top,
                const std::vector<PublicationPtr>& read) {
  const StreamPosition& asked = *options.recover;
  if (!SameEpoch(asked, top)) return false;
  if (read.empty()) return asked.offset == top.offset;
  return read.size() <= options.recovery_limit && read.front()->offset == asked.offset + 1 &&
         read.back()->offset == top.offset;
}

}  // namespace

std::uint64_t RecoveryReadCount(const SubscribeOptions& options) {
  return options.mode == RecoveryMode::kCache ? 1 : std::uint64_t{options.recovery_limit} + 1;
}

bool SameEpoch(const StreamPosition& asked, const StreamPosition& top) {
  return asked.epoch.empty() || asked.epoch == top.epoch;
}

SubscribeOutcome DecideRecovery(const SubscribeOptions& options, StreamPosition top,
                                std::vector<PublicationPtr> read) {
  SubscribeOutcome outcome;
  outcome.top = std::move(top);
  if (options.mode == RecoveryMode::kStream) {
    outcome.recovered = Contiguous(options, outcome.top, read);
    if (outcome.recovered) outcome.publications = std::move(read);
    return outcome;
  }
  const bool at_top = *options.recover == outcome.top;
  const bool has_newest = !read.empty() && read.back()->offset == outcome.top.offset;
  outcome.recovered = at_top || has_newest;
  if (has_newest && !at_top) outcome.publications.push_back(std::move(read.back()));
  return outcome;
}

}  // namespace tidemill::broker
