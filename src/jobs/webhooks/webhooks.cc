#include "jobs/webhooks/webhooks.h"

#include <unistd.h>

#include <utility>

namespace tidemill::webhooks {
namespace {

constexpr Duration kBeat = Seconds(5);
constexpr Duration kKnowAgain = Seconds(1);

}  // namespace

Webhooks::Webhooks(const Surroundings& surroundings)
    : loop_(surroundings.loop),
      engine_(surroundings.engine),
      tls_(surroundings.tls),
      metrics_(surroundings.registry),
      wid_("webhooks-" + surroundings.node_id) {}

Webhooks::~Webhooks() = default;

void Webhooks::Replace(std::vector<EndpointOptions> endpoints) {
  std::map<std::string, std::unique_ptr<Endpoint>, std::less<>> kept;
  for (EndpointOptions& options : endpoints) {
    const auto old = endpoints_.find(options.queue);
    std::unique_ptr<Endpoint>& endpoint = kept[options.queue];
    if (old != endpoints_.end() && old->second->options() == options) {
      endpoint = std::move(old->second);
      endpoints_.erase(old);
      continue;
    }
    endpoint = std::make_unique<Endpoint>(
        Endpoint::Surroundings{
            .loop = loop_, .engine = engine_, .tls = tls_, .metrics = metrics_, .wid = wid_},
        std::move(options));
  }
  for (auto& [queue, endpoint] : endpoints_) {
    endpoint->GiveAllBack();
    loop_.Retire(std::move(endpoint));
  }
  endpoints_ = std::move(kept);
  if (runs_) OnTimer();
}

void Webhooks::Start() {
  runs_ = true;
  OnTimer();
}

void Webhooks::Drain() {
  draining_ = true;
  for (const auto& [queue, endpoint] : endpoints_) endpoint->Stop();
}

void Webhooks::Stop() {
  runs_ = false;
  loop_.timers().Cancel(*this);
  for (const auto& [queue, endpoint] : endpoints_) endpoint->GiveAllBack();
  if (std::exchange(is_known_, false)) engine_.WorkerDisconnected(wid_);
}

std::vector<EndpointView> Webhooks::Views() const {
  std::vector<EndpointView> views;
  for (const auto& [queue, endpoint] : endpoints_) views.push_back(endpoint->view());
  return views;
}

Result<> Webhooks::Enable(std::string_view queue) {
  const auto found = endpoints_.find(queue);
  if (found == endpoints_.end()) {
    return Fail(Errc::kNotFound, "the queue " + std::string(queue) + " has no endpoint");
  }
  found->second->Enable();
  return {};
}

void Webhooks::OnChange(const jobs::JobChange& change) {
  if (endpoints_.empty()) return;
  if (const auto found = endpoints_.find(change.queue); found != endpoints_.end()) {
    found->second->OnChange(change);
  }
}

// Beats, and becomes known anew when the engine begins to serve here. Without endpoints nobody works.
void Webhooks::OnTimer() {
  if (endpoints_.empty() || !runs_) return;
  loop_.timers().Schedule(*this, loop_.Now() + (KnowWorker() ? kBeat : kKnowAgain));
}

bool Webhooks::KnowWorker() {
  if (is_known_ && engine_.Beat(wid_, 0, std::nullopt)) {
    for (const auto& [queue, endpoint] : endpoints_) endpoint->LookAgain();
    StartEndpoints();
    return true;
  }
  if (std::exchange(is_known_, false)) {
    for (const auto& [queue, endpoint] : endpoints_) endpoint->Stop();
  }
  if (!engine_.AddWorker({.wid = wid_, .hostname = "webhooks", .pid = getpid(), .labels = {"webhooks"}})) {
    return false;
  }
  engine_.WorkerConnected(wid_);
  is_known_ = true;
  StartEndpoints();
  return true;
}

void Webhooks::StartEndpoints() {
  if (draining_) return;
  for (const auto& [queue, endpoint] : endpoints_) endpoint->Start();
}

}  // namespace tidemill::webhooks
