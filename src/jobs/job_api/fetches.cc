#include "jobs/job_api/fetches.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "net/loop.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

// A fetch that does not want to wait has so long for the text of a job that only the store has.
constexpr Duration kLoadTime = Milliseconds(50);
constexpr std::int64_t kDoesNotSay = -1;  // how much memory it has

}  // namespace

// Jobs on their way to whoever asked. Those that nobody takes go back to their queues.
class Fetches::Delivery {
 public:
  Delivery(std::shared_ptr<Fetches> owner, Fetched fetched)
      : owner_(std::move(owner)), fetched_(std::move(fetched)) {}
  Delivery(Delivery&&) = default;
  Delivery& operator=(Delivery&&) = delete;
  ~Delivery() {
    if (!owner_ || fetched_.jobs.empty()) return;
    owner_->OnLoop([owner = owner_, jobs = std::move(fetched_.jobs)] { owner->GiveBack(jobs); });
  }

  Fetched Take() && {
    owner_.reset();
    return std::move(fetched_);
  }

 private:
  std::shared_ptr<Fetches> owner_;  // null: they were taken, or moved on
  Fetched fetched_;
};

// Of the task that asks: its end ends the waiting.
class Fetches::Asking {
 public:
  explicit Asking(std::shared_ptr<Fetches> owner)
      : owner_(std::move(owner)), id_(owner_->last_id_.fetch_add(1, std::memory_order_relaxed) + 1) {}
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() {
    if (owner_) owner_->OnLoop([owner = owner_, id = id_] { owner->Abandon(id); });
  }

  std::uint64_t id() const { return id_; }
  void Answered() { owner_.reset(); }

 private:
  std::shared_ptr<Fetches> owner_;
  const std::uint64_t id_;
};

class Fetches::Waiting final : public FetchRequest, public net::Timer, public net::Pollable {
 public:
  Waiting(Fetches& owner, std::uint64_t of_id, std::string of_worker)
      : id(of_id), worker(std::move(of_worker)), owner_(owner) {}
  ~Waiting() override {
    net::Loop& loop = owner_.engine_.loop();
    loop.Disarm(*this);
    if (!connected) return;
    (void)owner_.engine_.Beat(worker, kDoesNotSay, std::nullopt);  // it was there until now
    owner_.engine_.WorkerDisconnected(worker);
  }

  void OnJob(const Reserved& job) override {
    fetched.jobs.push_back({.jid = std::string(job.jid),
                            .text = std::string(job.text),
                            .attempt = job.attempt,
                            .until = job.until});
    // Not from within the engine, which the one who is answered may call.
    if (sender) owner_.engine_.loop().ArmNextTurn(*this);
  }
  void OnTimer() override { owner_.Finish(*this); }
  void OnReady(std::uint32_t) override { owner_.Finish(*this); }

  const std::uint64_t id;
  const std::string worker;
  Fetched fetched;
  std::optional<Reply::Sender> sender;  // nullopt: it does not wait yet
  bool connected = false;               // the engine counts a connection of the worker

 private:
  Fetches& owner_;
};

Fetches::Fetches(Engine& engine, std::size_t waiting_max) : engine_(engine), waiting_max_(waiting_max) {}
Fetches::~Fetches() = default;

template <class F>
void Fetches::OnLoop(F function) {
  if (closed_.load(std::memory_order_acquire)) return;
  if (engine_.loop().IsCurrent()) return function();
  engine_.loop().Post(std::move(function));
}

Task<ApiResult<Fetched>> Fetches::Fetch(std::shared_ptr<Fetches> self, FetchParams params) {
  Reply reply(*net::Loop::Current());
  Asking asking(self);
  self->OnLoop([self, id = asking.id(), moved = std::move(params), sender = reply.sender()]() mutable {
    self->Begin(id, std::move(moved), sender);
  });
  ApiResult<Delivery> answer = co_await reply;
  // An end of the connection that is there already comes before the answer, and takes it along.
  co_await net::NextTurn(*net::Loop::Current());
  asking.Answered();
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  co_return (*std::move(answer)).Take();
}

// Whoever fetches is alive, and made known by that.
ApiResult<WorkerState> Fetches::Greet(const std::string& worker) {
  if (worker.empty()) return WorkerState::kRunning;
  Result<WorkerState> state = engine_.Beat(worker, kDoesNotSay, std::nullopt);
  if (state) return *state;
  if (state.error().code != Errc::kNotFound) return std::unexpected(FailureOf(state.error()));
  WorkerInfo info;
  info.wid = worker;
  if (const Result<> added = engine_.AddWorker(std::move(info)); !added) {
    return std::unexpected(FailureOf(added.error()));
  }
  return WorkerState::kRunning;
}

void Fetches::Begin(std::uint64_t id, FetchParams params, const Reply::Sender& sender) {
  const ApiResult<WorkerState> state = Greet(params.worker);
  if (!state) return sender.Send(std::unexpected(state.error()));
  auto waiting = std::make_unique<Waiting>(*this, id, std::move(params.worker));
  Fetched& fetched = waiting->fetched;
  fetched.state = *state;
  while (fetched.jobs.size() < static_cast<std::size_t>(params.count)) {
    const std::size_t before = fetched.jobs.size();
    const Result<> asked = engine_.Fetch(*waiting, waiting->worker, params.queues);
    if (!asked && fetched.jobs.empty()) return sender.Send(std::unexpected(FailureOf(asked.error())));
    if (!asked || fetched.jobs.size() == before) break;
  }
  if (!fetched.jobs.empty() || draining_) {
    Fetched taken = std::move(fetched);
    waiting.reset();
    return sender.Send(Delivery(shared_from_this(), std::move(taken)));
  }
  if (waiting_.size() >= waiting_max_) {
    return sender.Send(std::unexpected(
        api::Failure(protocol::kErrorLimitExceeded,
                     fmt::format("{} fetches wait on this node already (jobs.fetches_max)", waiting_max_))));
  }
  waiting->sender.emplace(sender);
  if (!waiting->worker.empty()) {
    engine_.WorkerConnected(waiting->worker);
    waiting->connected = true;
  }
  net::Loop& loop = engine_.loop();
  loop.timers().Schedule(*waiting,
                         loop.Now() + std::max(kLoadTime, Milliseconds(std::llround(params.wait * 1000))));
  waiting_.emplace(id, std::move(waiting));
  waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
}

void Fetches::Finish(Waiting& waiting) {
  auto node = waiting_.extract(waiting.id);
  waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
  const Reply::Sender sender = *std::move(waiting.sender);
  Fetched fetched = std::move(waiting.fetched);
  if (waiting.connected) {
    // It may have been told to stop meanwhile.
    if (const auto state = engine_.Beat(waiting.worker, kDoesNotSay, std::nullopt)) fetched.state = *state;
  }
  node.mapped().reset();
  sender.Send(Delivery(shared_from_this(), std::move(fetched)));
}

void Fetches::Abandon(std::uint64_t id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  GiveBack(found->second->fetched.jobs);
  waiting_.erase(found);
  waiting_count_.store(waiting_.size(), std::memory_order_relaxed);
}

// One that ran out meanwhile is somebody else's.
void Fetches::GiveBack(const std::vector<FetchedJob>& jobs) {
  for (const FetchedJob& job : jobs) (void)engine_.GiveBack(job.jid);
}

void Fetches::AnswerAll() {
  draining_ = true;
  AnswerWaiting();
}

void Fetches::AnswerWaiting() {
  net::Loop& loop = engine_.loop();
  for (const auto& [id, waiting] : waiting_) loop.timers().Schedule(*waiting, loop.Now());
}

void Fetches::Close() {
  closed_.store(true, std::memory_order_release);
  waiting_.clear();
}

}  // namespace tidemill::jobs
