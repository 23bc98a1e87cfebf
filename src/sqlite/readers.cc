#include "sqlite/readers.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace tidemill::sqlite {

using sql::FailureKind;

namespace {

// How long an answer may wait for others, so that they wake their loop together.
constexpr std::int64_t kAnswersLateMicros = 200;

}  // namespace

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
    for (const Running& running : running_) {
      if (running.job) running.job->ticket().Cancel();
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
    const bool is_full = short_.size() + lasting_.size() >= waiting_max_;
    if (is_full || (lasts == Lasts::kYes && lasting_.size() >= std::max<std::size_t>(1, waiting_max_ / 2))) {
      metrics_.refused.Add();
      return sql::Fail(FailureKind::kBusy,
                       fmt::format("{} reads are waiting (storage.sqlite.waiting_max)", waiting_max_));
    }
    metrics_.reads_waiting.Add(1);
    (lasts == Lasts::kYes ? lasting_ : short_).push_back(std::move(job));
  }
  return {};
}

void Readers::Wake() {
  std::size_t wanted = 0;
  {
    const std::scoped_lock lock(mutex_);
    wanted = std::min(idle_, short_.size() + lasting_.size());
  }
  for (; wanted > 0; --wanted) changed_.notify_one();
}

std::optional<Readers::LongRead> Readers::Oldest() const {
  const std::scoped_lock lock(mutex_);
  const Running* oldest = nullptr;
  for (const Running& running : running_) {
    if (running.job && (oldest == nullptr || running.since < oldest->since)) oldest = &running;
  }
  if (oldest == nullptr) return std::nullopt;
  return LongRead{.since = oldest->since, .what = oldest->job->Name()};
}

bool Readers::Take(Running& running, net::LateWakes& answers) {
  std::unique_ptr<LoneJob> done;  // goes when the lock has gone
  std::unique_lock lock(mutex_);
  done = std::move(running.job);
  if (running.lasts == Lasts::kYes && done) {
    --lasting_running_;
    changed_.notify_one();
  }
  if (!ended_ && !MayTake()) {
    lock.unlock();
    done.reset();
    answers.Flush();
    lock.lock();
    ++idle_;
    changed_.wait(lock, [this] { return ended_ || MayTake(); });
    --idle_;
  }
  if (ended_) return false;
  // What lasts is rare and is taken first: short reads have a thread that it does not get.
  running.lasts = MayTakeLasting() ? Lasts::kYes : Lasts::kNo;
  Queue& queue = running.lasts == Lasts::kYes ? lasting_ : short_;
  if (running.lasts == Lasts::kYes) ++lasting_running_;
  running.job = std::move(queue.front());
  queue.pop_front();
  metrics_.reads_waiting.Sub(1);
  running.since = SystemClock().Now();
  return true;
}

void Readers::Work(Connection& connection, Running& running) {
  // Signals are for the main thread.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "sqlite reader");
  net::LateWakes answers;
  std::int64_t late_since = 0;
  while (Take(running, answers)) {
    if (running.lasts == Lasts::kYes) {
      answers.Flush();
      Serve(*running.job, Lasts::kYes, connection);
      continue;
    }
    if (answers.empty()) late_since = MonotonicMicros();
    const net::LateWakes::Scope scope(answers);
    Serve(*running.job, Lasts::kNo, connection);
    if (MonotonicMicros() - late_since > kAnswersLateMicros) answers.Flush();
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
