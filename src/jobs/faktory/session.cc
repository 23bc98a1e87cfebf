#include "jobs/faktory/session.h"

#include <fmt/format.h>

#include <memory>
#include <span>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/json.h"
#include "jobs/faktory/batch_status.h"
#include "jobs/faktory/bulk_push.h"
#include "jobs/faktory/long_commands.h"
#include "jobs/faktory/parse_command.h"
#include "jobs/faktory/reply.h"
#include "jobs/faktory/track.h"
#include "net/sleep.h"

namespace tidemill::faktory {
namespace {

constexpr Duration kClearPoll = Milliseconds(2);

std::optional<jobs::WorkerState> StateOf(std::string_view name) {
  if (name == "quiet") return jobs::WorkerState::kQuiet;
  if (name == "terminate") return jobs::WorkerState::kTerminate;
  return std::nullopt;
}

bool LooksAtMany(const Command& command) {
  return std::holds_alternative<Info>(command) || std::holds_alternative<QueueCommand>(command) ||
         std::holds_alternative<Mutate>(command) || std::holds_alternative<Flush>(command) ||
         std::holds_alternative<TrackGet>(command) || std::holds_alternative<BatchCommand>(command) ||
         std::holds_alternative<Cancel>(command);
}

// Whatever the engine says of a job that nobody has, clients hear this.
std::string NoSuchJob(std::string_view jid) { return fmt::format("Job not found {}", jid); }

}  // namespace

Session::Session(SessionServices& services, SessionOwner& owner, std::string wid)
    : services_(services),
      engine_(services.engine),
      owner_(owner),
      wid_(std::move(wid)),
      answers_(services.engine, owner) {}

Session::~Session() = default;

void Session::Execute(std::string_view line) {
  TM_ASSERT(!busy_);
  ++services_.commands;
  job_on_its_way_.clear();
  executing_ = true;
  auto command = ParseCommand(line, engine_.loop().clock().WallNow(), services_.job_bytes_max);
  if (!command) {
    AnswerError(command.error().detail);
  } else if (services_.clearing > 0 || (answers_.awaits_commit() && LooksAtMany(*command))) {
    answers_.Seal();
    Hold(RunLater(*std::move(command)));
  } else {
    Run(*command);
  }
  executing_ = false;
}

void Session::Run(Command& command) {
  std::visit([this](auto& each) { Run(each); }, command);
}

Task<void> Session::RunLater(Command command) {
  co_await WaitForClear();
  // Whether that was kept or not, the state is what the answers say.
  if (answers_.awaits_commit()) (void)co_await engine_.Committed();
  executing_ = true;
  busy_ = false;
  Run(command);
  executing_ = false;
  if (!busy_) Free();
}

Task<void> Session::WaitForClear() {
  while (services_.clearing > 0) co_await net::Sleep(engine_.loop(), kClearPoll);
}

void Session::ExecuteBulk(std::string line) {
  TM_ASSERT(!busy_);
  ++services_.commands;
  executing_ = true;
  Hold(RunBulk(std::move(line)));
  executing_ = false;
}

// Answering.

void Session::AnswerError(std::string_view text) {
  AppendError(text, answers_.text());
  answers_.Added();
}

void Session::AnswerFailed(const Error& error) {
  AppendFailed(error, answers_.text());
  answers_.Added();
}

void Session::AnswerOnCommit(const Result<>& result) {
  if (!result) return AnswerFailed(result.error());
  answers_.AddOnCommit("+OK\r\n");
}

void Session::AnswerDone(const Result<>& result) {
  if (!result) return AnswerFailed(result.error());
  AppendOk(answers_.text());
  answers_.Added();
}

void Session::AnswerBulk(std::string_view text) {
  AppendBulk(text, answers_.text());
  answers_.Added();
}

void Session::Hold(Task<void> task) {
  busy_ = true;
  tasks_.Spawn(std::move(task));
}

void Session::Free() {
  busy_ = false;
  if (executing_) return;
  answers_.Seal();
  owner_.OnFree();
}

// Producers.

void Session::Run(Push& push) { AnswerOnCommit(engine_.Push(std::move(push.job))); }

void Session::Run(PushBulk& bulk) { Hold(RunBulk(std::move(bulk.jobs))); }

// `line`: with or without its verb.
Task<void> Session::RunBulk(std::string line) {
  bulk_bytes_ = line.capacity();
  co_await WaitForClear();
  std::string_view jobs = line;
  if (IsBulk(jobs)) jobs.remove_prefix(std::string_view("PUSHB ").size());
  const Result<std::string> errors = co_await PushAll(engine_, jobs, services_.job_bytes_max);
  bulk_bytes_ = 0;
  if (errors) {
    AnswerBulk(*errors);
  } else {
    AnswerError(errors.error().detail);
  }
  Free();
}

// Workers.

void Session::Run(Fetch& fetch) {
  busy_ = true;
  if (!services_.draining) {
    const Result<> asked = engine_.Fetch(*this, wid_, fetch.queues);
    if (!asked) {
      AnswerFailed(asked.error());
      return Free();
    }
  }
  if (busy_) engine_.loop().timers().Schedule(*this, engine_.loop().Now() + kFetchWait);
}

void Session::OnJob(const jobs::Reserved& job) {
  engine_.loop().timers().Cancel(*this);
  job_on_its_way_ = job.jid;
  AnswerBulk(job.text);
  Free();
}

void Session::OnTimer() {
  engine_.CancelFetch(*this);
  AppendNull(answers_.text());
  answers_.Added();
  Free();
}

void Session::StopFetching() {
  engine_.loop().timers().Cancel(*this);
  engine_.CancelFetch(*this);
}

void Session::GiveBackJob() {
  if (has_job_on_its_way()) (void)engine_.GiveBack(std::exchange(job_on_its_way_, {}));
}

// One that nobody has was acknowledged before, or its reservation ran out: either way it is over.
void Session::Run(Ack& ack) {
  if (engine_.MayBeOrphan(ack.jid)) return Hold(RunAckOrphan(std::move(ack)));
  const Result<> acknowledged = engine_.Ack(ack.jid, std::move(ack.result));
  const bool is_over = !acknowledged && acknowledged.error().code == Errc::kNotFound;
  const Result<> answer = is_over ? Result<>() : acknowledged;
  if (answer && engine_.answers_acks_at_once()) return AnswerDone(answer);
  AnswerOnCommit(answer);
}

Task<void> Session::RunAckOrphan(Ack ack) {
  const Result<> acknowledged = co_await engine_.AckOrphan(std::move(ack.jid), std::move(ack.result));
  const bool is_over = !acknowledged && acknowledged.error().code == Errc::kNotFound;
  AnswerDone(is_over ? Result<>() : acknowledged);
  Free();
}

void Session::Run(FailJob& fail) {
  if (engine_.MayBeOrphan(fail.jid)) {
    return Hold(RunToAnswer(engine_.FailOrphan(std::move(fail.jid), std::move(fail.error))));
  }
  const Result<> failed = engine_.Fail(fail.jid, std::move(fail.error));
  if (!failed && failed.error().code == Errc::kNotFound) return AnswerError(NoSuchJob(fail.jid));
  AnswerOnCommit(failed);
}

void Session::Run(Requeue& requeue) {
  const Result<> given_back = engine_.GiveBack(requeue.jid);
  if (!given_back && given_back.error().code == Errc::kNotFound) return AnswerError(NoSuchJob(requeue.jid));
  AnswerOnCommit(given_back);
}

void Session::Run(Beat& beat) {
  const auto state = engine_.Beat(beat.wid, beat.rss_kb, StateOf(beat.current_state));
  if (!state) {
    if (state.error().code != Errc::kNotFound) return AnswerFailed(state.error());
    return AnswerError(fmt::format("unknown worker {}", beat.wid));
  }
  services_.watch.OnBeat(beat.wid);
  switch (*state) {
    case jobs::WorkerState::kQuiet: return AnswerBulk(R"({"state":"quiet"})");
    case jobs::WorkerState::kTerminate: return AnswerBulk(R"({"state":"terminate"})");
    case jobs::WorkerState::kRunning: return AnswerDone({});
  }
}

void Session::Run(TrackSet& set) {
  jobs::Track track{.percent = set.percent,
                    .description = std::move(set.description),
                    .reserve_until = set.reserve_until,
                    .checkpoint = std::move(set.checkpoint)};
  const Result<> known = engine_.SetTrack(set.jid, track);
  if (known) return AnswerOnCommit(known);
  switch (known.error().code) {
    case Errc::kNotFound:
      return Hold(RunToAnswer(engine_.SetEndedTrack(std::move(set.jid), std::move(track))));
    case Errc::kCancelled: return AnswerError(fmt::format("Job cancelled {}", set.jid));
    default: return AnswerFailed(known.error());
  }
}

void Session::Run(TrackGet& get) { Hold(RunTrackGet(std::move(get.jid))); }

Task<void> Session::RunTrackGet(std::string jid) {
  const Result<jobs::JobView> view = co_await engine_.Find(jid);
  if (view) {
    AnswerBulk(TrackJson(jid, *view));
  } else if (view.error().code == Errc::kNotFound) {
    AnswerBulk(TrackJson(jid, {}));
  } else {
    AnswerFailed(view.error());
  }
  Free();
}

// The whole server.

void Session::Run(Info&) { AnswerBulk(services_.info()); }

void Session::Run(End&) { ended_ = true; }

// What changes many jobs goes on when its client hangs up.
Task<void> Session::RunToAnswer(Task<Result<>> work) {
  const Result<> done = co_await RunToEnd(services_.scope, std::move(work));
  AnswerDone(done);
  Free();
}

void Session::Run(Flush&) { Hold(RunToAnswer(RunFlush(engine_, services_.clearing))); }

void Session::Run(Mutate& mutate) { Hold(RunToAnswer(RunMutate(engine_, std::move(mutate)))); }

void Session::Run(Cancel& cancel) { Hold(RunToAnswer(RunCancel(engine_, std::move(cancel.jid)))); }

// Batches.

void Session::Run(BatchNew& batch) {
  const Result<std::string> bid = engine_.NewBatch({.description = std::move(batch.description),
                                                    .parent = std::move(batch.parent),
                                                    .complete = std::move(batch.complete),
                                                    .success = std::move(batch.success)});
  if (!bid) return AnswerFailed(bid.error());
  std::string answer;
  AppendBulk(*bid, answer);
  answers_.AddOnCommit(answer);
}

void Session::Run(BatchCommand& command) {
  switch (command.action) {
    case BatchCommand::Action::kCommit: return AnswerOnCommit(engine_.CommitBatch(command.bid));
    case BatchCommand::Action::kOpen: {
      if (const Result<> opened = engine_.OpenBatch(command.bid); !opened)
        return AnswerFailed(opened.error());
      std::string answer;
      AppendBulk(command.bid, answer);
      return answers_.AddOnCommit(answer);
    }
    case BatchCommand::Action::kStatus: {
      const Result<jobs::Batch> batch = engine_.FindBatch(command.bid);
      return batch ? AnswerBulk(BatchJson(*batch)) : AnswerFailed(batch.error());
    }
  }
}

// Queues.

void Session::Run(QueueCommand& command) {
  using enum QueueCommand::Action;
  switch (command.action) {
    case kPause:
    case kResume: return AnswerOnCommit(SetPaused(command));
    case kRemove: return Hold(RunToAnswer(RemoveQueues(engine_, std::move(command))));
    case kLatency: return AppendLatencies(command);
    case kList: return AppendQueueNames();
  }
}

Result<> Session::SetPaused(const QueueCommand& command) {
  const bool pause = command.action == QueueCommand::Action::kPause;
  for (const std::string& queue : QueuesOf(engine_, command)) {
    TM_TRY(pause ? engine_.Pause(queue) : engine_.Resume(queue));
  }
  return {};
}

void Session::AppendLatencies(const QueueCommand& command) {
  const WallTime now = engine_.loop().clock().WallNow();
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  for (const std::string& name : command.queues) {
    const auto queue = engine_.FindQueue(name);
    const bool has_one = queue && queue->oldest && *queue->oldest < now;
    json.DynamicKey(name);
    json.Double(has_one ? static_cast<double>((now - *queue->oldest).ms) / 1000 : 0);
  }
  json.EndObject();
  AnswerBulk(text);
}

void Session::AppendQueueNames() {
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (const jobs::QueueView& queue : engine_.Queues()) json.String(queue.name);
  json.EndArray();
  AnswerBulk(text);
}

}  // namespace tidemill::faktory
