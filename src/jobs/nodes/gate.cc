#include "jobs/nodes/gate.h"

#include <string>
#include <utility>

#include "base/log.h"
#include "jobs/nodes/refusals.h"
#include "jobs/nodes/relay.h"

namespace tidemill::nodes {

Gate::Gate(net::Loop& loop, faktory::Server& server, Ownership& ownership, Options options,
           NodesMetrics& metrics)
    : loop_(loop), server_(server), ownership_(ownership), options_(std::move(options)), metrics_(metrics) {
  ownership.Watch([this] { OnOwnerChanged(); });
}

Gate::~Gate() {
  while (Relay* const relay = relays_.front()) {
    relay->Leave();
    delete relay;
  }
}

void Gate::OnStream(std::unique_ptr<net::Stream> stream, net::Admission admission) {
  const std::optional<jobs::Owner> owner = ownership_.Elsewhere();
  if (!owner || admission != net::Admission::kAdmitted) return server_.OnStream(std::move(stream), admission);
  if (const auto why = WhyNotReachable(*owner, options_.key)) {
    CountRefusal(*why);
    return server_.Refuse(std::move(stream), *why);
  }
  // Owns itself from here; the list is for the end.
  (new Relay(*this, std::move(stream), *owner))->Start();
}

// Those that are served here belong to the time when this node had the jobs, or nobody knew who has.
void Gate::OnOwnerChanged() {
  CloseAll();
  if (ownership_.IsElsewhere()) server_.CloseAll();
}

void Gate::CloseAll() {
  for (Relay& relay : relays_) relay.CloseSoon();
}

void Gate::Remember(Relay& relay) {
  relays_.PushFront(relay);
  ++relay_count_;
  metrics_.relays.Add(1);
}

void Gate::Forget(Relay& relay) {
  IntrusiveList<Relay>::Remove(relay);
  --relay_count_;
  metrics_.relays.Sub(1);
}

void Gate::CountRefusal(std::string_view why) {
  metrics_.relays_refused.Add();
  if (const auto suppressed = refusals_logged_.Count(loop_.Now())) {
    log::Warn("jobs.relay_refused", {{"why", why}, {"suppressed", *suppressed}});
  }
}

}  // namespace tidemill::nodes
