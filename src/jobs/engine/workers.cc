#include "jobs/engine/workers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace tidemill::jobs {

bool IsWid(std::string_view text) {
  return IsUtf8(text) &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

struct WorkerTable::Worker final : net::Timer {
  explicit Worker(WorkerTable& of) : owner(of) {}
  // Checks whether it is gone; it may have been heard since the timer was set.
  void OnTimer() override {
    if (connections > 0) return;
    const MonotonicTime gone_at = heard + owner.gone_after_;
    if (owner.loop_.clock().Now() < gone_at) return owner.loop_.timers().Schedule(*this, gone_at);
    owner.Gone(*this);
  }
  void Heard() {
    heard = owner.loop_.clock().Now();
    view.heard_at = owner.loop_.clock().WallNow();
    if (!scheduled() && connections == 0) owner.loop_.timers().Schedule(*this, heard + owner.gone_after_);
  }

  WorkerTable& owner;
  WorkerView view;
  MonotonicTime heard;
  std::size_t connections = 0;
};

WorkerTable::WorkerTable(net::Loop& loop, Duration gone_after, std::size_t max, OnGone on_gone)
    : loop_(loop), gone_after_(gone_after), max_(max), on_gone_(std::move(on_gone)) {}

WorkerTable::~WorkerTable() = default;

WorkerTable::Worker* WorkerTable::Find(std::string_view wid) const {
  const auto found = by_wid_.find(wid);
  return found == by_wid_.end() ? nullptr : found->second.get();
}

WorkerTable::Worker& WorkerTable::Make(std::string_view wid) {
  auto& worker = by_wid_[std::string(wid)];
  worker = std::make_unique<Worker>(*this);
  worker->view.info.wid = wid;
  worker->view.started_at = loop_.clock().WallNow();
  return *worker;
}

Result<> WorkerTable::Add(WorkerInfo info) {
  if (info.wid.empty() || info.wid.size() > kWidBytesMax || !IsWid(info.wid)) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("a worker's wid has 1 to {} bytes without control characters", kWidBytesMax));
  }
  if (info.hostname.size() > kHostnameBytesMax || info.labels.size() > kLabelsMax ||
      std::ranges::any_of(info.labels, [](const auto& label) { return label.size() > kLabelBytesMax; })) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("a worker has a hostname of at most {} bytes and at most {} labels of {}",
                            kHostnameBytesMax, kLabelsMax, kLabelBytesMax));
  }
  Worker* worker = Find(info.wid);
  if (worker == nullptr) {
    if (by_wid_.size() >= max_) {
      return Fail(Errc::kLimitExceeded, fmt::format("at most {} workers (jobs.workers_max)", max_));
    }
    worker = &Make(info.wid);
  }
  worker->view.info = std::move(info);
  worker->Heard();
  return {};
}

void WorkerTable::Expect(const std::string& wid) {
  if (Find(wid) == nullptr) Make(wid).Heard();
}

void WorkerTable::Connected(std::string_view wid) {
  if (Worker* const worker = Find(wid)) ++worker->connections;
}

void WorkerTable::Disconnected(std::string_view wid) {
  Worker* const worker = Find(wid);
  if (worker == nullptr || worker->connections == 0) return;
  if (--worker->connections > 0) return;
  loop_.timers().Schedule(*worker, std::max(loop_.clock().Now(), worker->heard + gone_after_));
}

Result<WorkerState> WorkerTable::Beat(std::string_view wid, std::int64_t rss_kb,
                                      std::optional<WorkerState> says) {
  Worker* const worker = Find(wid);
  if (worker == nullptr) return Fail(Errc::kNotFound, fmt::format("unknown worker {}", wid));
  worker->Heard();
  if (rss_kb >= 0) worker->view.rss_kb = rss_kb;
  // A state only goes on: from running to quiet to terminate.
  if (says) worker->view.state = std::max(worker->view.state, *says);
  return worker->view.state;
}

std::size_t WorkerTable::Signal(std::string_view wid, WorkerState state) {
  std::size_t count = 0;
  for (const auto& [name, worker] : by_wid_) {
    if (!wid.empty() && name != wid) continue;
    worker->view.state = std::max(worker->view.state, state);
    ++count;
  }
  return count;
}

WorkerState WorkerTable::StateOf(std::string_view wid) const {
  const Worker* const worker = Find(wid);
  return worker == nullptr ? WorkerState::kRunning : worker->view.state;
}

std::vector<WorkerView> WorkerTable::Views() const {
  std::vector<WorkerView> views;
  views.reserve(by_wid_.size());
  for (const auto& [wid, worker] : by_wid_) {
    views.push_back(worker->view);
    views.back().connections = worker->connections;
  }
  return views;
}

void WorkerTable::Gone(Worker& worker) {
  const std::string wid = worker.view.info.wid;
  ++gone_;
  by_wid_.erase(wid);
  on_gone_(wid);
}

}  // namespace tidemill::jobs
