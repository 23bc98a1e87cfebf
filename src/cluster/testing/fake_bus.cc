#include "cluster/testing/fake_bus.h"

#include <utility>

#include "base/assert.h"
#include "net/async.h"

namespace tidemill::cluster::testing {

class FakeNetwork::FakeBus final : public Bus {
 public:
  FakeBus(FakeNetwork& network, NodeId node) : network_(network), node_(std::move(node)) {}
  ~FakeBus() override { network_.stations_.erase(node_); }

  void SetEvents(BusEvents& events) override { events_ = &events; }
  Task<Result<void>> Publish(std::string message) override {
    co_return network_.Send(node_, nullptr, message);
  }
  Task<Result<void>> PublishTo(NodeId node, std::string message) override {
    co_return network_.Send(node_, &node, message);
  }
  BusEvents& events() {
    TM_ASSERT(events_ != nullptr);
    return *events_;
  }

 private:
  FakeNetwork& network_;
  const NodeId node_;
  BusEvents* events_ = nullptr;
};

FakeNetwork::FakeNetwork() : scope_(std::make_unique<TaskScope>()) {}
FakeNetwork::~FakeNetwork() = default;

std::unique_ptr<Bus> FakeNetwork::Join(net::Loop& loop, NodeId node) {
  auto bus = std::make_unique<FakeBus>(*this, node);
  stations_[std::move(node)] = {.loop = &loop, .bus = bus.get()};
  return bus;
}

void FakeNetwork::Disconnect(const NodeId& node) {
  stations_.at(node).speaks = false;
  Deafen(node);
}

void FakeNetwork::Deafen(const NodeId& node) {
  stations_.at(node).hears = false;
  stations_.at(node).bus->events().OnLost();
}

void FakeNetwork::Reconnect(const NodeId& node) {
  stations_.at(node).speaks = true;
  stations_.at(node).hears = true;
  stations_.at(node).bus->events().OnRestored();
}

void FakeNetwork::Inject(const NodeId& node, std::string message) {
  stations_.at(node).bus->events().OnMessage(message);
}

Result<void> FakeNetwork::Send(const NodeId& from, const NodeId* to, const std::string& message) {
  if (!stations_.at(from).speaks) return Fail(Errc::kUnavailable, "the fake bus is down");
  if (cut_.contains(from)) return {};
  for (const auto& [node, station] : stations_) {
    if (to && *to != node) continue;
    if (lose_ && lose_(node, message)) continue;
    for (int copy = 0; copy < copies_; ++copy) {
      station.loop->Post([this, node, message] { scope_->Spawn(Deliver(node, message)); });
    }
  }
  return {};
}

Task<void> FakeNetwork::Deliver(NodeId to, std::string message) {
  if (const auto delay = delays_.find(to); delay != delays_.end()) {
    co_await net::Sleep(*stations_.at(to).loop, delay->second);
  }
  // It may be gone, or out of reach, by now.
  const auto at = stations_.find(to);
  if (at == stations_.end() || !at->second.hears || cut_.contains(to)) co_return;
  at->second.bus->events().OnMessage(message);
}

}  // namespace tidemill::cluster::testing
