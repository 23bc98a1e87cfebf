#include "jobs/faktory/worker_watch.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/log.h"

namespace tidemill::faktory {
namespace {

constexpr std::size_t kClosedPerTurn = 32;

}  // namespace

struct WorkerWatch::Worker final : net::Timer {
  Worker(WorkerWatch& w, std::string_view id) : watch(w), wid(id) {}

  void OnTimer() override {
    if (!std::exchange(is_silent, true)) {
      log::Info("jobs.worker_silent", {{"wid", wid}, {"connections", connections}});
    }
    watch.loop_.timers().Schedule(*this, watch.loop_.Now());
    // Each that is closed removes itself, and the last one this object.
    for (std::size_t left = std::min(connections, kClosedPerTurn); left > 0; --left) {
      list.front()->OnWorkerSilent();
    }
  }

  WorkerWatch& watch;
  const std::string wid;
  IntrusiveList<WatchedConnection> list;
  std::size_t connections = 0;
  bool is_silent = false;
};

WorkerWatch::WorkerWatch(net::Loop& loop, Duration beat_max) : loop_(loop), beat_max_(beat_max) {}

WorkerWatch::~WorkerWatch() = default;

void WorkerWatch::Add(std::string_view wid, WatchedConnection& connection) {
  auto found = workers_.find(wid);
  if (found == workers_.end()) {
    found = workers_.emplace(std::string(wid), std::make_unique<Worker>(*this, wid)).first;
    loop_.timers().Schedule(*found->second, loop_.Now() + beat_max_);
  }
  found->second->list.PushFront(connection);
  ++found->second->connections;
}

void WorkerWatch::Remove(std::string_view wid, WatchedConnection& connection) {
  const auto found = workers_.find(wid);
  TM_ASSERT(found != workers_.end());
  IntrusiveList<WatchedConnection>::Remove(connection);
  if (--found->second->connections == 0) workers_.erase(found);
}

void WorkerWatch::OnBeat(std::string_view wid) {
  const auto found = workers_.find(wid);
  if (found == workers_.end() || found->second->is_silent) return;
  loop_.timers().Schedule(*found->second, loop_.Now() + beat_max_);
}

}  // namespace tidemill::faktory
