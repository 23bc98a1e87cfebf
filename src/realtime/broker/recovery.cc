#include "realtime/broker/recovery.h"

#include <utility>

namespace tidemill::broker {
namespace {

bool Contiguous(const SubscribeOptions& options, const StreamRead& read) {
  const StreamPosition& asked = *options.recover;
  if (!SameEpoch(asked, read.top)) return false;
  if (read.publications.empty()) return asked.offset == read.top.offset;
  return read.publications.size() <= options.recovery_limit && read.follows == asked.offset &&
         read.publications.back()->offset == read.top.offset;
}

}  // namespace

std::uint64_t RecoveryReadCount(const SubscribeOptions& options) {
  return options.mode == RecoveryMode::kCache ? 1 : std::uint64_t{options.recovery_limit} + 1;
}

bool SameEpoch(const StreamPosition& asked, const StreamPosition& top) {
  return asked.epoch.empty() || asked.epoch == top.epoch;
}

SubscribeOutcome DecideRecovery(const SubscribeOptions& options, StreamRead read) {
  SubscribeOutcome outcome;
  if (options.mode == RecoveryMode::kStream) {
    outcome.recovered = Contiguous(options, read);
    if (outcome.recovered) outcome.publications = std::move(read.publications);
  } else {
    const bool at_top = *options.recover == read.top;
    const bool has_newest = !read.publications.empty() && read.publications.back()->offset == read.top.offset;
    outcome.recovered = at_top || has_newest;
    if (has_newest && !at_top) outcome.publications.push_back(std::move(read.publications.back()));
  }
  outcome.top = std::move(read.top);
  return outcome;
}

}  // namespace tidemill::broker
