// Fetches: the requests of workers for a job, over HTTP: each waits on the engine's loop for a while.
//
// A request whose connection breaks asks no more, and what it had been given goes back to its queue: by the
// end of the task that waits, or of the answer that nobody took. How many wait at once is bounded. Any loop
// asks; all else is the engine's loop. It is shared with the answers under way, which may end later.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "jobs/engine/engine.h"
#include "jobs/job_api/failures.h"
#include "jobs/job_api/fetch_params.h"
#include "net/reply.h"

namespace tidemill::jobs {

struct FetchedJob {
  std::string jid;
  std::string text;
  int attempt = 1;
  WallTime until;
};
struct Fetched {
  std::vector<FetchedJob> jobs;
  WorkerState state = WorkerState::kRunning;  // what the worker is to become
};

class Fetches : public std::enable_shared_from_this<Fetches> {
 public:
  Fetches(Engine& engine, std::size_t waiting_max);
  Fetches(const Fetches&) = delete;
  Fetches& operator=(const Fetches&) = delete;
  ~Fetches();

  static Task<ApiResult<Fetched>> Fetch(std::shared_ptr<Fetches> self, FetchParams params);

  // Answers all who wait, with what there is.
  void AnswerWaiting();
  // The same, and from now on those who come get no time to wait.
  void AnswerAll();
  std::size_t waiting() const { return waiting_count_.load(std::memory_order_relaxed); }
  // When the loops have stopped: the engine is not called any more.
  void Close();

 private:
  class Delivery;
  class Asking;
  class Waiting;
  using Reply = net::Reply<ApiResult<Delivery>>;

  template <class F>
  void OnLoop(F function);
  void Begin(std::uint64_t id, FetchParams params, const Reply::Sender& sender);
  ApiResult<WorkerState> Greet(const std::string& worker);
  void Finish(Waiting& waiting);
  void Abandon(std::uint64_t id);
  void GiveBack(const std::vector<FetchedJob>& jobs);

  Engine& engine_;
  const std::size_t waiting_max_;
  std::atomic<std::uint64_t> last_id_{0};
  std::atomic<std::size_t> waiting_count_{0};
  std::atomic<bool> closed_{false};
  bool draining_ = false;
  std::unordered_map<std::uint64_t, std::unique_ptr<Waiting>> waiting_;
};

}  // namespace tidemill::jobs
