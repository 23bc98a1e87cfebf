#include "jobs/faktory/long_commands.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "jobs/faktory/glob.h"
#include "net/sleep.h"

namespace tidemill::faktory {
namespace {

jobs::BulkAction ActionOf(Mutate mutate) {
  using Does = jobs::BulkAction::Action;
  jobs::BulkAction action;
  switch (mutate.action) {
    case Mutate::Action::kClear:
    case Mutate::Action::kDiscard: action.action = Does::kDiscard; break;
    case Mutate::Action::kKill: action.action = Does::kKill; break;
    case Mutate::Action::kRequeue: action.action = Does::kRequeue; break;
  }
  switch (mutate.target) {
    case Mutate::Target::kScheduled:
      action.place = jobs::Place::kLater;
      action.wait = jobs::Wait::kScheduled;
      break;
    case Mutate::Target::kRetries:
      action.place = jobs::Place::kLater;
      action.wait = jobs::Wait::kRetry;
      break;
    case Mutate::Target::kDead: action.place = jobs::Place::kDead; break;
  }
  if (mutate.action == Mutate::Action::kClear) return action;  // all of them
  action.jids = std::move(mutate.jids);
  action.filter.type = std::move(mutate.jobtype);
  if (!mutate.pattern.empty() && mutate.pattern != "*") {
    action.matches = [glob = std::make_shared<const Glob>(mutate.pattern)](std::string_view text) {
      return glob->Matches(text);
    };
  }
  return action;
}

// Counts itself while it lives.
class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  std::size_t& count_;
};

constexpr Duration kPause = Milliseconds(2);

}  // namespace

Task<Result<>> RunFlush(jobs::Engine& engine, std::size_t& clearing) {
  while (clearing > 0) co_await net::Sleep(engine.loop(), kPause);
  const Counted counted(clearing);
  co_return co_await engine.Clear();
}

Task<Result<>> RunMutate(jobs::Engine& engine, Mutate mutate) {
  TM_CO_TRY(co_await engine.Apply(ActionOf(std::move(mutate))));
  co_return Result<>();
}

Task<Result<>> RunCancel(jobs::Engine& engine, std::string jid) {
  const Result<jobs::JobState> cancelled = co_await engine.Cancel(jid);
  if (cancelled) co_return Result<>();
  if (cancelled.error().code != Errc::kNotFound) co_return std::unexpected(cancelled.error());
  co_return Fail(Errc::kNotFound, fmt::format("Job not found {}", jid));
}

Task<Result<>> RemoveQueues(jobs::Engine& engine, QueueCommand command) {
  for (const std::string& queue : QueuesOf(engine, command)) {
    const Result<std::size_t> removed = co_await engine.RemoveQueue(queue);
    if (!removed && removed.error().code != Errc::kNotFound) co_return std::unexpected(removed.error());
  }
  co_return Result<>();
}

std::vector<std::string> QueuesOf(const jobs::Engine& engine, const QueueCommand& command) {
  if (!command.all) return command.queues;
  std::vector<std::string> all;
  for (jobs::QueueView& queue : engine.Queues()) all.push_back(std::move(queue.name));
  return all;
}

}  // namespace tidemill::faktory
