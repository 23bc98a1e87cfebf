// Readers: threads that read, each with a connection; what waits is taken in order by who is free.
//
// What lasts (a session) may hold all of them but one, so that short reads always go on.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
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

  // Any thread. kLimitExceeded, kUnavailable: it is not accepted.
  sql::Result<void> Post(std::unique_ptr<LoneJob> job, Lasts lasts);

  // What has been running for longest, for the log.
  struct Running {
    MonotonicTime since{};
    std::string what;
    Ticket* ticket = nullptr;  // while the reader's lock is held
  };
  std::optional<Running> Oldest() const;

 private:
  using Queue = std::deque<std::unique_ptr<LoneJob>>;
  void Work(Connection& connection, std::optional<Running>& running);
  // The next one; null: it is over.
  std::unique_ptr<LoneJob> Take(std::optional<Running>& running, Lasts& lasts);
  bool MayTakeLasting() const { return !lasting_.empty() && lasting_running_ + 1 < connections_.size(); }
  void Serve(LoneJob& job, Lasts lasts, Connection& connection);

  const std::vector<std::unique_ptr<Connection>> connections_;
  const std::size_t waiting_max_;
  Metrics& metrics_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Queue short_;
  Queue lasting_;
  std::size_t lasting_running_ = 0;
  std::vector<std::optional<Running>> running_;  // of each thread
  bool ended_ = false;
  std::stop_source stop_;
  std::vector<std::thread> threads_;  // last: they use all above
};

}  // namespace tidemill::sqlite
