// Session: carries a client's commands out on the engine, and answers them in their order. It knows neither
// sockets nor the handshake.
//
// Commands that the engine carries out at once follow one another, and their answers wait for a flush
// together. One that takes longer (FETCH without a job, PUSHB, MUTATE, …) holds up those behind it: while
// busy() the caller keeps them. What changes more than a turn's worth runs to its end in the server's scope
// when the client goes.
//
// Loop thread of the engine. What it is given outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jobs/engine/engine.h"
#include "jobs/faktory/answers.h"
#include "jobs/faktory/command.h"
#include "jobs/faktory/worker_watch.h"
#include "net/run_to_end.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"

namespace tidemill::faktory {

// How long a FETCH waits for a job. Clients of Go, Ruby and Rust give up after 5 s.
inline constexpr Duration kFetchWait = Seconds(2);

class SessionOwner : public AnswerSink {
 public:
  // A command that held up the others is done. Never from within Execute.
  virtual void OnFree() = 0;

 protected:
  ~SessionOwner() = default;
};

// What all sessions of a server have in common.
struct SessionServices {
  jobs::Engine& engine;
  TaskScope& scope;  // of what goes on when its client goes
  WorkerWatch& watch;
  std::function<std::string()> info;
  std::size_t job_bytes_max = job::kJobBytesMax;
  bool draining = false;       // nobody gets a job any more
  std::size_t clearing = 0;    // FLUSHes under way: what comes meanwhile waits for their end
  std::uint64_t commands = 0;  // of all sessions
};

class Session final : private jobs::FetchRequest, private net::Timer {
 public:
  // `wid`: "" for one that is no worker.
  Session(SessionServices& services, SessionOwner& owner, std::string wid);
  ~Session() override;

  // A line of the client, without its end. Not while busy. What looks at many jobs sees what was answered
  // before it: it waits for the commits of that.
  void Execute(std::string_view line);
  // PUSHB with its line, which may be long: it is not copied.
  void ExecuteBulk(std::string line);
  static bool IsBulk(std::string_view line) { return line.starts_with("PUSHB "); }

  // After the lines of a turn.
  void Seal() { answers_.Seal(); }

  bool busy() const { return busy_; }
  bool ended() const { return ended_; }              // END was said
  bool settled() const { return answers_.empty(); }  // nothing is owed to the client
  std::size_t answers_waiting() const { return answers_.count(); }
  std::size_t bytes() const { return answers_.bytes() + bulk_bytes_; }

  // The client was given a job, and has said nothing since.
  bool has_job_on_its_way() const { return !job_on_its_way_.empty(); }
  // The connection broke before that was sent: somebody else gets it.
  void GiveBackJob();

  // From now on it gets no job: the connection closes.
  void StopFetching();

 private:
  // jobs::FetchRequest
  void OnJob(const jobs::Reserved& job) override;
  // net::Timer: the FETCH has waited long enough.
  void OnTimer() override;

  void Run(Push& push);
  void Run(PushBulk& bulk);
  void Run(Fetch& fetch);
  void Run(Ack& ack);
  void Run(FailJob& fail);
  void Run(Beat& beat);
  void Run(Info& info);
  void Run(Flush& flush);
  void Run(End& end);
  void Run(QueueCommand& command);
  void Run(Mutate& mutate);
  void Run(BatchNew& batch);
  void Run(BatchCommand& command);
  void Run(TrackGet& get);
  void Run(TrackSet& set);
  void Run(Requeue& requeue);
  void Run(Cancel& cancel);

  void Run(Command& command);
  Task<void> RunLater(Command command);
  Task<void> WaitForClear();
  Task<void> RunBulk(std::string line);
  Task<void> RunToAnswer(Task<Result<>> work);
  Task<void> RunAckOrphan(Ack ack);
  Task<void> RunTrackGet(std::string jid);
  Result<> SetPaused(const QueueCommand& command);
  void AppendLatencies(const QueueCommand& command);
  void AppendQueueNames();

  void AnswerError(std::string_view text);
  void AnswerFailed(const Error& error);
  void AnswerOnCommit(const Result<>& result);
  void AnswerDone(const Result<>& result);
  void AnswerBulk(std::string_view text);
  // Something takes longer: what Execute began goes on by itself.
  void Hold(Task<void> task);
  void Free();

  SessionServices& services_;
  jobs::Engine& engine_;
  SessionOwner& owner_;
  const std::string wid_;
  Answers answers_;
  std::string job_on_its_way_;  // its jid
  std::size_t bulk_bytes_ = 0;
  bool busy_ = false;
  bool executing_ = false;
  bool ended_ = false;
  TaskScope tasks_;  // last: they refer to all above
};

}  // namespace tidemill::faktory
