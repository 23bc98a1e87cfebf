// Worker: fetches jobs over the HTTP API and runs a command for each.
//
// As many at once as `concurrency` says. While a command runs its reservation is extended, its output goes to
// the job's log, and a job that is cancelled or runs too long has its whole process group ended. What became
// of a job is told until the server has it. One loop; Run is its only task.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/jobs/child_process.h"
#include "cli/jobs/job_output.h"
#include "cli/jobs/worker_messages.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"

namespace tidemill::cli {

struct WorkerOptions {
  std::vector<std::string> queues;
  std::vector<std::string> command;
  std::size_t concurrency = 1;
  Duration timeout{};            // of a job; 0: none, its reservation is extended for ever
  Duration grace = Seconds(25);  // from the request to end until what runs is ended
  bool json = false;
};

class Worker final : private net::Timer {
 public:
  // The client outlives it. It works on the client's loop.
  Worker(ApiClient& api, WorkerOptions options, Io io);

  // Works until it is asked to end; gives the exit code.
  Task<int> Run();
  // Takes no more jobs, and lets those that run end; at once when it is called again.
  void End();

 private:
  enum class Ending : std::uint8_t { kNo, kSoon, kNow };
  // A job whose command runs.
  struct Running;

  static Task<void> KeepBeating(Worker& worker);
  static Task<void> Fill(Worker& worker);
  Task<std::optional<FetchedJob>> Fetch();
  Task<void> Work(FetchedJob job);
  Task<void> Follow(Running& running);
  void EndIfDue(Running& running);
  Task<void> Report(Running& running);
  Task<void> Conclude(Running& running);
  Task<void> Tell(std::string_view method, std::string params);

  void Obey(std::string_view state);
  void OnTimer() override { ending_ = Ending::kNow; }  // the grace is over
  void MaybeStop();
  void Say(const Running& running, std::string_view outcome);
  void Note(std::string text);

  ApiClient& api_;
  net::Loop& loop_;
  const WorkerOptions options_;
  const Io io_;
  const std::string id_;
  Ending ending_ = Ending::kNo;
  bool quiet_ = false;
  std::size_t running_ = 0;
  int exit_code_ = kDone;
  std::string last_note_;
  std::coroutine_handle<> stopped_;
  TaskScope scope_;
};

}  // namespace tidemill::cli
