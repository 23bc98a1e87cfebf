#include "sqlite/readers.h"

#include <fmt/format.h>
#include <pthread.h>

#include <csignal>
#include <utility>

namespace tidemill::sqlite {

using sql::FailureKind;

Readers::Readers(std::vector<std::unique_ptr<Connection>> connections, std::size_t waiting_max,
                 Metrics& metrics)
    : connections_(std::move(connections)),
      waiting_max_(waiting_max),
      metrics_(metrics),
      running_(connections_.size()) {
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    threads_.emplace_back([this, i] { Work(*connections_[i], running_[i]); });
  }
}

void Readers::Stop() {
  Queue refused;
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    for (Queue* const queue : {&short_, &lasting_}) {
      for (auto& job : *queue) refused.push_back(std::move(job));
      queue->clear();
    }
    for (const auto& running : running_) {
      if (running) running->ticket->Cancel();
    }
  }
  stop_.request_stop();
  changed_.notify_all();
  for (const auto& job : refused)
    job->Refuse({.kind = FailureKind::kUnavailable, .message = "the server stops"});
  metrics_.reads_waiting.Sub(static_cast<std::int64_t>(refused.size()));
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

sql::Result<void> Readers::Post(std::unique_ptr<LoneJob> job, Lasts lasts) {
  {
    const std::scoped_lock lock(mutex_);
    if (ended_) return sql::Fail(FailureKind::kUnavailable, "the server stops");
    if (short_.size() + lasting_.size() >= waiting_max_) {
      metrics_.refused.Add();
      return sql::Fail(FailureKind::kBusy,
                       fmt::format("{} reads are waiting (storage.sqlite.waiting_max)", waiting_max_));
    }
    metrics_.reads_waiting.Add(1);
    (lasts == Lasts::kYes ? lasting_ : short_).push_back(std::move(job));
  }
  changed_.notify_one();
  return {};
}

std::optional<Readers::Running> Readers::Oldest() const {
  const std::scoped_lock lock(mutex_);
  std::optional<Running> oldest;
  for (const auto& running : running_) {
    if (running && (!oldest || running->since < oldest->since)) oldest = running;
  }
  return oldest;
}

std::unique_ptr<LoneJob> Readers::Take(std::optional<Running>& running, Lasts& lasts) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_ || !short_.empty() || MayTakeLasting(); });
  if (ended_) return nullptr;
  // What lasts is rare and is taken first: short reads have a thread that it does not get.
  lasts = MayTakeLasting() ? Lasts::kYes : Lasts::kNo;
  Queue& queue = lasts == Lasts::kYes ? lasting_ : short_;
  if (lasts == Lasts::kYes) ++lasting_running_;
  std::unique_ptr<LoneJob> job = std::move(queue.front());
  queue.pop_front();
  metrics_.reads_waiting.Sub(1);
  running = {.since = SystemClock().Now(), .what = job->Name(), .ticket = &job->ticket()};
  return job;
}

void Readers::Work(Connection& connection, std::optional<Running>& running) {
  // Signals are for the main thread.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "sqlite reader");
  Lasts lasts = Lasts::kNo;
  while (const std::unique_ptr<LoneJob> job = Take(running, lasts)) {
    Serve(*job, lasts, connection);
    const std::scoped_lock lock(mutex_);
    running.reset();
    if (lasts == Lasts::kNo) continue;
    --lasting_running_;
    changed_.notify_one();
  }
}

void Readers::Serve(LoneJob& job, Lasts lasts, Connection& connection) {
  if (!job.ticket().Take()) return;
  metrics_.reads.Add();
  const std::int64_t begun = MonotonicMicros();
  job.Serve(connection, stop_.get_token());
  // Of what lasts, the time is its loop's.
  if (lasts == Lasts::kYes) return;
  metrics_.read_seconds.Observe(static_cast<double>(MonotonicMicros() - begun) / 1e6);
}

}  // namespace tidemill::sqlite
