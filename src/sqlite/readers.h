// Readers: threads that read, each with a connection; what waits is taken in order by who is free.
//
// What lasts (a session) may hold half of them at most, and half of the queue, so that short reads always go
// on. A loop posts what a
// turn brings and wakes the threads once; a thread wakes a loop once for what it has answered meanwhile, but
// lets no answer wait for long, nor for a read that takes long.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/late_wakes.h"
#include "sql/failure.h"
#include "sqlite/connection.h"
#include "sqlite/job.h"
#include "sqlite/metrics.h"

namespace tidemill::sqlite {

enum class Lasts : std::uint8_t { kNo, kYes };

class Readers {
 public:
  Readers(std::vector<std::unique_ptr<Connection>> connections, std::size_t waiting_max, Metrics& metrics);
  ~Readers() { Stop(); }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  // Refuses what waits and what comes, ends what runs. The thread that made it.
  void Stop();

  // Any thread. Wake must follow, sooner or later. kBusy, kUnavailable: it is not accepted.
  sql::Result<void> Post(std::unique_ptr<LoneJob> job, Lasts lasts);
  // Any thread: as many threads as are needed begin with what was posted.
  void Wake();

  // What has been running for longest, for the log.
  struct LongRead {
    MonotonicTime since{};
    std::string what;
  };
  std::optional<LongRead> Oldest() const;

 private:
  using Queue = std::deque<std::unique_ptr<LoneJob>>;
  struct Running {
    std::unique_ptr<LoneJob> job;  // null: none
    Lasts lasts = Lasts::kNo;
    MonotonicTime since{};
  };
  void Work(Connection& connection, Running& running);
  // Puts the next one into `running`, whose job is over; false: all is. Flushes `answers` before it waits.
  bool Take(Running& running, net::LateWakes& answers);
  bool MayTake() const { return !short_.empty() || MayTakeLasting(); }
  bool MayTakeLasting() const { return !lasting_.empty() && lasting_running_ < connections_.size() / 2; }
  void Serve(LoneJob& job, Lasts lasts, Connection& connection);

  const std::vector<std::unique_ptr<Connection>> connections_;
  const std::size_t waiting_max_;
  Metrics& metrics_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Queue short_;
  Queue lasting_;
  std::size_t lasting_running_ = 0;
  std::size_t idle_ = 0;          // threads that wait
  std::vector<Running> running_;  // of each thread
  bool ended_ = false;
  std::stop_source stop_;
  std::vector<std::thread> threads_;  // last: they use all above
};

}  // namespace tidemill::sqlite
