#include "cli/jobs/worker.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/json.h"
#include "base/random.h"
#include "net/sleep.h"

namespace tidemill::cli {
namespace {

constexpr Duration kBeat = Seconds(15);
constexpr int kFetchWaitSeconds = 20;
constexpr Duration kFetchTimeout = Seconds(40);
constexpr Duration kCallTimeout = Seconds(10);
constexpr Duration kTick = Milliseconds(500);
constexpr Duration kReportEvery = Seconds(5);
constexpr int kReserveSeconds = 120;  // from each report on
constexpr std::size_t kLogLinesOfReport = 100;
constexpr Duration kKillAfter = Seconds(5);
constexpr Duration kPause = Seconds(1);
constexpr Duration kPauseMax = Seconds(15);
constexpr Duration kTellFor = Minutes(10);
constexpr int kTemporaryFailure = 75;  // EX_TEMPFAIL of sysexits.h

// The same call would be answered the same again: nobody has such a job, or the call is malformed.
bool IsFinal(const Error& error) {
  return error.detail.starts_with("refused with error 104") ||
         error.detail.starts_with("refused with error 107");
}

}  // namespace

struct Worker::Running {
  FetchedJob job;
  MonotonicTime began{};
  MonotonicTime reported{};
  JobOutput output;
  std::unique_ptr<ChildProcess> child;
  enum class Fate : std::uint8_t { kOwn, kCancelled, kLost, kTimedOut, kGivenBack } fate = Fate::kOwn;
  std::optional<MonotonicTime> signalled;  // when it was asked to end
};

Worker::Worker(ApiClient& api, WorkerOptions options, Io io)
    : api_(api), loop_(api.loop()), options_(std::move(options)), io_(io), id_("work-" + RandomLetters(16)) {}

Task<int> Worker::Run() {
  scope_.Spawn(KeepBeating(*this));
  for (std::size_t i = 0; i < options_.concurrency; ++i) scope_.Spawn(Fill(*this));
  struct Stopped {
    Worker& worker;
    bool await_ready() const { return worker.ending_ != Ending::kNo && worker.running_ == 0; }
    void await_suspend(std::coroutine_handle<> awaiter) { worker.stopped_ = awaiter; }
    void await_resume() const {}
  };
  co_await Stopped{*this};
  co_return exit_code_;
}

void Worker::End() {
  ending_ = ending_ == Ending::kNo ? Ending::kSoon : Ending::kNow;
  if (ending_ == Ending::kSoon) {
    if (running_ > 0) {
      Note(fmt::format("takes no more jobs; those that run, {}, have {} s to end", running_,
                       options_.grace.ms / 1000));
    }
    loop_.timers().Schedule(*this, loop_.clock().Now() + options_.grace);
  }
  MaybeStop();
}

// In a turn of its own: the waiter ends what calls this.
void Worker::MaybeStop() {
  if (ending_ == Ending::kNo || running_ > 0 || !stopped_) return;
  loop_.Post([waiter = std::exchange(stopped_, nullptr)] { waiter.resume(); });
}

void Worker::Obey(std::string_view state) {
  if (state == "terminate" && ending_ == Ending::kNo) {
    Note("the server asks this worker to end");
    End();
  }
  // What this worker says itself when it ends is no request.
  if (state == "quiet" && ending_ == Ending::kNo && !std::exchange(quiet_, true)) {
    Note("the server asks this worker to take no more jobs");
  }
}

Task<void> Worker::KeepBeating(Worker& worker) {
  while (true) {
    const Taking taking = worker.ending_ == Ending::kNo ? Taking::kJobs : Taking::kNoMore;
    const Result<std::string> answer =
        co_await worker.api_.Ask("jobs_beat", BeatParams(worker.id_, taking), kCallTimeout);
    if (answer) worker.Obey(ParseState(*answer));
    co_await net::Sleep(worker.loop_, kBeat);
  }
}

// One of `concurrency`: a job after another.
Task<void> Worker::Fill(Worker& worker) {
  while (worker.ending_ == Ending::kNo) {
    std::optional<FetchedJob> job = co_await worker.Fetch();
    if (!job) continue;
    ++worker.running_;
    co_await worker.Work(*std::move(job));
    --worker.running_;
  }
  worker.MaybeStop();
}

Task<std::optional<FetchedJob>> Worker::Fetch() {
  for (Duration pause = kPause; ending_ == Ending::kNo;) {
    if (quiet_) {
      co_await net::Sleep(loop_, kPause);
      continue;
    }
    const Result<std::string> text =
        co_await api_.Ask("jobs_fetch", FetchParams(id_, options_.queues, kFetchWaitSeconds), kFetchTimeout);
    Result<FetchAnswer> answer = text ? ParseFetchAnswer(*text) : std::unexpected(text.error());
    if (answer) {
      last_note_.clear();
      pause = kPause;
      Obey(answer->state);
      if (answer->job) co_return std::move(answer->job);
      continue;
    }
    Note(answer.error().detail);
    co_await net::Sleep(loop_, pause);
    pause = std::min(Duration{pause.ms * 2}, kPauseMax);
  }
  co_return std::nullopt;
}

Task<void> Worker::Work(FetchedJob job) {
  if (ending_ != Ending::kNo) co_return co_await Tell("jobs_give_back", JidParams(job.jid));
  Running running{.job = std::move(job), .began = loop_.clock().Now()};
  const FetchedJob& what = running.job;
  const ChildOptions child{
      .command = options_.command,
      .environment = {"TIDEMILL_JID=" + what.jid, "TIDEMILL_TYPE=" + what.type,
                      "TIDEMILL_QUEUE=" + what.queue, fmt::format("TIDEMILL_ATTEMPT={}", what.attempt)},
      .input = what.args + "\n"};
  Result<std::unique_ptr<ChildProcess>> started = ChildProcess::Start(loop_, child, running.output);
  if (!started) {
    Note(started.error().detail);
    exit_code_ = kFailed;
    if (ending_ == Ending::kNo) End();
    co_return co_await Tell("jobs_give_back", JidParams(what.jid));
  }
  running.child = *std::move(started);
  running.reported = running.began;
  co_await Follow(running);
  co_await Conclude(running);
}

Task<void> Worker::Follow(Running& running) {
  while (true) {
    co_await running.child->Wait(kTick);
    if (running.child->status()) break;
    const bool is_due = loop_.clock().Now() - running.reported >= kReportEvery;
    if (running.fate == Running::Fate::kOwn && (is_due || running.output.has_news()))
      co_await Report(running);
    EndIfDue(running);
  }
  running.output.End();
}

void Worker::EndIfDue(Running& running) {
  using Fate = Running::Fate;
  const MonotonicTime now = loop_.clock().Now();
  if (running.fate == Fate::kOwn && options_.timeout.ms > 0 && now - running.began >= options_.timeout) {
    running.fate = Fate::kTimedOut;
  }
  if (running.fate == Fate::kOwn && ending_ == Ending::kNow) running.fate = Fate::kGivenBack;
  if (running.fate == Fate::kOwn) return;
  if (!running.signalled) {
    running.signalled = now;
    running.child->Signal(SIGTERM);
  } else if (now - *running.signalled >= kKillAfter) {
    running.child->Signal(SIGKILL);
  }
}

Task<void> Worker::Report(Running& running) {
  running.reported = loop_.clock().Now();
  std::string params = ProgressParams(running.job.jid, kReserveSeconds, running.output, kLogLinesOfReport);
  const Result<std::string> answer = co_await api_.Ask("jobs_progress", std::move(params), kCallTimeout);
  if (!answer && IsFinal(answer.error())) running.fate = Running::Fate::kLost;
  if (answer && ParseCancelled(*answer)) running.fate = Running::Fate::kCancelled;
}

Task<void> Worker::Conclude(Running& running) {
  using Fate = Running::Fate;
  const std::string& jid = running.job.jid;
  while (running.output.has_news() && running.fate != Fate::kLost) {
    const Fate before = running.fate;
    co_await Report(running);
    if (running.fate == Fate::kCancelled) running.fate = before;  // it has ended by itself
  }
  const ExitStatus status = *running.child->status();
  const bool gives_back = running.fate == Fate::kGivenBack || status == ExitStatus{.code = kTemporaryFailure};
  if (running.fate == Fate::kLost) {
    Say(running, "lost: its reservation is over, and somebody else may have it");
  } else if (gives_back) {
    Say(running, "given back");
    co_await Tell("jobs_give_back", JidParams(jid));
    // It may be the next one that is fetched.
    if (ending_ == Ending::kNo) co_await net::Sleep(loop_, kPause);
  } else if (status == ExitStatus{} && running.fate == Fate::kOwn) {
    Say(running, "done");
    co_await Tell("jobs_ack", AckParams(jid, running.output.Result()));
  } else {
    const std::string_view why = running.fate == Fate::kTimedOut    ? "timed out"
                                 : running.fate == Fate::kCancelled ? "cancelled"
                                                                    : "";
    Say(running, why.empty() ? "failed" : why);
    co_await Tell("jobs_fail", FailParams(jid, status, why, running.output));
  }
}

// Until the server has it: what is lost here runs again.
Task<void> Worker::Tell(std::string_view method, std::string params) {
  const MonotonicTime give_up = loop_.clock().Now() + kTellFor;
  for (Duration pause = kPause;;) {
    const Result<std::string> answer = co_await api_.Ask(method, params, kCallTimeout);
    if (answer) co_return;
    Note(fmt::format("{}: {}", method, answer.error().detail));
    if (IsFinal(answer.error()) || ending_ == Ending::kNow || loop_.clock().Now() >= give_up) co_return;
    co_await net::Sleep(loop_, pause);
    pause = std::min(Duration{pause.ms * 2}, kPauseMax);
  }
}

void Worker::Say(const Running& running, std::string_view outcome) {
  const double seconds = static_cast<double>((loop_.clock().Now() - running.began).ms) / 1000;
  const FetchedJob& job = running.job;
  if (!options_.json) {
    Print(io_, fmt::format("{} {} {} in {:.1f} s\n", job.jid, job.type, outcome, seconds));
  } else {
    std::string line;
    JsonWriter json(line);
    json.BeginObject();
    json.Member("jid", job.jid);
    json.Member("type", job.type);
    json.Member("queue", job.queue);
    json.Member("attempt", job.attempt);
    json.Member("outcome", outcome);
    json.Member("seconds", seconds);
    json.EndObject();
    Print(io_, line + "\n");
  }
  std::fflush(io_.out);
}

// The same thing once: a server that is away is asked again and again.
void Worker::Note(std::string text) {
  if (text == last_note_) return;
  PrintError(io_, fmt::format("tidemill: {}\n", text));
  last_note_ = std::move(text);
}

}  // namespace tidemill::cli
