#include "postgres/lanes/exclusive_lane.h"

#include <algorithm>
#include <utility>

namespace tidemill::postgres {
namespace {

// Owns a session in a coroutine's frame, and retires it with the frame.
class Retiring {
 public:
  Retiring(net::Loop& loop, std::unique_ptr<Session> session) : loop_(loop), session(std::move(session)) {}
  Retiring(const Retiring&) = delete;
  Retiring& operator=(const Retiring&) = delete;
  ~Retiring() {
    if (session) loop_.Retire(std::move(session));
  }

 private:
  net::Loop& loop_;

 public:
  std::unique_ptr<Session> session;
};

}  // namespace

void Lease::Return() {
  if (session_) lane_->GiveBack(std::move(session_));
}

ExclusiveLane::ExclusiveLane(net::Loop& loop, SessionShared shared, LaneOptions options)
    : loop_(loop),
      shared_(shared),
      options_(std::move(options)),
      queue_(loop, options_.wait, shared.metrics) {}

ExclusiveLane::~ExclusiveLane() {
  loop_.Disarm(*this);
  loop_.timers().Cancel(*this);
  shared_.metrics.idle.Sub(static_cast<std::int64_t>(idle_.size()));
  for (Idle& each : idle_) loop_.Retire(std::move(each.session));
}

Task<sql::Result<Lease>> ExclusiveLane::Acquire(Patience patience) {
  std::unique_ptr<Session> session = queue_.empty() ? TakeIdle() : nullptr;
  if (!session) {
    WaitQueue::Wait turn(queue_, patience);
    OpenMore();
    TM_CO_TRY(co_await turn);
    session = TakeIdle();
  }
  if (!session) co_return sql::Fail(sql::FailureKind::kUnavailable, "the connection to PostgreSQL was lost");
  ++in_use_;
  shared_.metrics.in_use.Add(1);
  session->connection().SetProbing(false);
  co_return Lease(*this, std::move(session));
}

// Null: there is none that lives.
std::unique_ptr<Session> ExclusiveLane::TakeIdle() {
  while (!idle_.empty()) {
    std::unique_ptr<Session> session = std::move(idle_.back().session);
    idle_.pop_back();
    shared_.metrics.idle.Sub(1);
    if (!session->connection().closed()) return session;
    loop_.Retire(std::move(session));
  }
  return nullptr;
}

// As many as are waited for and may be.
void ExclusiveLane::OpenMore() {
  while (opening_ < queue_.size() && count() < options_.connections) {
    ++opening_;
    scope_.Spawn(OpenOne());
  }
}

Task<void> ExclusiveLane::OpenOne() {
  auto opened = co_await Session::Open(loop_, shared_, options_.session);
  --opening_;
  if (opened) {
    Keep(*std::move(opened));
    co_return;
  }
  shared_.metrics.connect_failures.Add();
  // Others may give theirs back; when there is none, nobody does.
  if (count() > 0) co_return;
  queue_.FailAll({.kind = sql::FailureKind::kUnavailable,
                  .message = "cannot connect to PostgreSQL: " + opened.error().message});
}

void ExclusiveLane::GiveBack(std::unique_ptr<Session> session) {
  --in_use_;
  shared_.metrics.in_use.Sub(1);
  Connection& connection = session->connection();
  const bool clean = connection.in_flight() == 0 && connection.status() == TransactionStatus::kIdle &&
                     !connection.MayBeHit();
  if (connection.closed() || clean) return Keep(std::move(session));
  ++cleaning_;
  scope_.Spawn(Clean(std::move(session)));
}

Task<void> ExclusiveLane::Clean(std::unique_ptr<Session> session) {
  Retiring owned(loop_, std::move(session));
  owned.session->connection().SetEvents(nullptr);
  const bool clean = co_await owned.session->Clean();
  --cleaning_;
  if (clean) {
    Keep(std::move(owned.session));
  } else {
    loop_.ArmNextTurn(*this);
  }
}

void ExclusiveLane::Keep(std::unique_ptr<Session> session) {
  const MonotonicTime now = loop_.clock().Now();
  if (session->connection().closed() || now - session->connection().begun() > options_.lifetime_max) {
    loop_.Retire(std::move(session));
  } else {
    session->connection().SetProbing(true);
    idle_.push_back({.session = std::move(session), .since = now});
    shared_.metrics.idle.Add(1);
    SweepBy(DueOf(idle_.back()));
  }
  if (!queue_.empty()) loop_.ArmNextTurn(*this);
}

// When nobody needs it any more, or it is old.
MonotonicTime ExclusiveLane::DueOf(const Idle& idle) const {
  return std::min(idle.since + options_.idle_max, idle.session->connection().begun() + options_.lifetime_max);
}

void ExclusiveLane::SweepBy(MonotonicTime at) {
  if (!scheduled() || deadline() > at) loop_.timers().Schedule(*this, at);
}

// Ends what is due, and forgets what has ended.
void ExclusiveLane::Sweep() {
  const MonotonicTime now = loop_.clock().Now();
  for (Idle& each : idle_) {
    if (each.session->connection().closed() || now >= DueOf(each)) loop_.Retire(std::move(each.session));
  }
  const auto gone = std::erase_if(idle_, [](const Idle& each) { return each.session == nullptr; });
  shared_.metrics.idle.Sub(static_cast<std::int64_t>(gone));
}

void ExclusiveLane::Pump() {
  if (queue_.empty()) return;
  Sweep();
  while (!queue_.empty() && !idle_.empty()) queue_.WakeFirst();
  OpenMore();
}

// No timer runs while there is no idle connection.
void ExclusiveLane::OnTimer() {
  Sweep();
  for (const Idle& each : idle_) SweepBy(DueOf(each));
}

}  // namespace tidemill::postgres
