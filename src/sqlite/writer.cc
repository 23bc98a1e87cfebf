#include "sqlite/writer.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace tidemill::sqlite {
namespace {

using sql::FailureKind;

const sql::Statement kSavepoint("savepoint job");
const sql::Statement kRelease("release job");
const sql::Statement kRollbackTo("rollback to job");

constexpr Duration kGroupTime = Milliseconds(20);  // of running, before those that have run are committed
constexpr Duration kProbeInterval = Milliseconds(500);
constexpr Duration kForever = Hours(1);
constexpr std::size_t kUndoneMax = 2;  // then the rest run one by one

}  // namespace

Result<std::unique_ptr<Writer>> Writer::Start(std::unique_ptr<Connection> connection, WriterOptions options,
                                              Metrics& metrics, Condition& condition,
                                              std::function<std::string()> oldest_read) {
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) return Fail(Errc::kInternal, std::string("eventfd: ") + std::strerror(errno));
  return std::unique_ptr<Writer>(
      new Writer(std::move(connection), options, metrics, condition, std::move(oldest_read), wake_fd));
}

Writer::Writer(std::unique_ptr<Connection> connection, WriterOptions options, Metrics& metrics,
               Condition& condition, std::function<std::string()> oldest_read, int wake_fd)
    : connection_(std::move(connection)),
      options_(options),
      metrics_(metrics),
      condition_(condition),
      wake_fd_(wake_fd),
      mailbox_(wake_fd),
      wal_(*connection_, options.wal, metrics, std::move(oldest_read)),
      thread_([this] { Work(); }) {}

Writer::~Writer() {
  ended_.store(true, std::memory_order_release);
  stop_.request_stop();
  eventfd_write(wake_fd_, 1);
  thread_.join();
  close(wake_fd_);
}

sql::Result<void> Writer::Post(std::unique_ptr<GroupedJob> job) { return Accept(std::move(job)); }
sql::Result<void> Writer::Post(std::unique_ptr<LoneJob> job) { return Accept(std::move(job)); }

sql::Result<void> Writer::Accept(Waiting job) {
  if (waiting_.fetch_add(1, std::memory_order_relaxed) >= options_.waiting_max) {
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    metrics_.refused.Add();
    return sql::Fail(FailureKind::kBusy,
                     fmt::format("{} writes are waiting (storage.sqlite.waiting_max)", options_.waiting_max));
  }
  metrics_.writes_waiting.Add(1);
  auto take = [this, moved = std::move(job)]() mutable { taken_.push_back(std::move(moved)); };
  mailbox_.Post(std::make_unique<net::FunctionMessage<decltype(take)>>(std::move(take)));
  mailbox_.Wake();
  return {};
}

void Writer::Work() {
  // Signals are for the main thread.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "sqlite writer");
  for (;;) {
    // Read before the mailbox is emptied: nothing is accepted once the destructor runs.
    const bool ending = ended_.load(std::memory_order_acquire);
    mailbox_.Drain();
    if (!taken_.empty()) {
      ServeNext();
      wal_.OnCommit();
    } else if (ending) {
      break;
    } else if (condition_.is_failing()) {
      Wait(kProbeInterval);
      if (mailbox_.depth() == 0) Probe();
    } else if (wal_.is_due()) {
      Wait(wal_.pause());
      if (mailbox_.depth() == 0) wal_.OnIdle();
    } else {
      Wait(kForever);
    }
  }
  if (!condition_.is_damaged()) wal_.Finish();
}

void Writer::Wait(Duration at_most) {
  if (!mailbox_.BeginSleep()) return;
  pollfd wake{.fd = wake_fd_, .events = POLLIN, .revents = 0};
  poll(&wake, 1, static_cast<int>(at_most.ms));
  eventfd_t wakes = 0;
  eventfd_read(wake_fd_, &wakes);
  mailbox_.EndSleep();
}

void Writer::ServeNext() {
  if (auto* const lone = std::get_if<std::unique_ptr<LoneJob>>(&taken_.front())) {
    const std::unique_ptr<LoneJob> job = std::move(*lone);
    taken_.pop_front();
    ServeAlone(*job);
  } else {
    RunGroup();
  }
}

// One transaction for all up to the next job that wants to be alone.
void Writer::RunGroup() {
  std::vector<std::unique_ptr<GroupedJob>> group;
  while (!taken_.empty()) {
    auto* const job = std::get_if<std::unique_ptr<GroupedJob>>(&taken_.front());
    if (job == nullptr) break;
    group.push_back(std::move(*job));
    taken_.pop_front();
  }
  std::size_t undone = 0;
  while (!group.empty()) {
    const std::size_t together = undone < kUndoneMax ? group.size() : 1;
    std::vector<std::unique_ptr<GroupedJob>> again;
    const std::size_t answered = RunTogether(Jobs(group).first(together), again);
    if (!again.empty()) ++undone;
    metrics_.redone.Add(again.size());
    group.erase(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(answered + again.size()));
    group.insert(group.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
  }
}

std::size_t Writer::RunTogether(Jobs jobs, std::vector<std::unique_ptr<GroupedJob>>& again) {
  auto begun =
      condition_.is_damaged()
          ? sql::Fail(FailureKind::kCorrupt, "the database is damaged; see the log, and restore a backup")
          : connection_->Begin(sql::Access::kWrite);
  if (!begun) {
    for (const auto& job : jobs) Answer(*job, begun);
    return jobs.size();
  }
  const MonotonicTime commit_at = SystemClock().Now() + kGroupTime;
  std::vector<sql::Result<void>> outcomes;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    auto outcome = RunOne(*jobs[i]);
    if (!connection_->in_transaction()) {
      // Of those before, nothing has happened.
      for (auto& job : jobs.first(i)) again.push_back(std::move(job));
      if (outcome) outcome = sql::Fail(FailureKind::kInternal, "SQLite has undone the transaction");
      if (outcome.error().kind == FailureKind::kFull || outcome.error().kind == FailureKind::kUnavailable) {
        condition_.NoteFailedCommit(outcome.error());
      }
      Answer(*jobs[i], std::move(outcome));
      return 1;
    }
    outcomes.push_back(std::move(outcome));
    if (SystemClock().Now() >= commit_at) break;
  }
  const auto committed = Commit();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Answer(*jobs[i], !outcomes[i] || committed ? std::move(outcomes[i]) : committed);
  }
  metrics_.writes_per_commit.Observe(static_cast<double>(outcomes.size()));
  return outcomes.size();
}

sql::Result<void> Writer::RunOne(GroupedJob& job) {
  const MonotonicTime now = SystemClock().Now();
  const std::optional<MonotonicTime> deadline = job.ticket().deadline();
  if (!job.taken_ && !job.ticket().Take()) return sql::Fail(FailureKind::kCancelled, "nobody waits for it");
  job.taken_ = true;
  if (deadline && now >= *deadline) return sql::Fail(FailureKind::kTimeout, "the deadline passed");
  TM_TRY(connection_->Do(kSavepoint));
  sql::Result<void> outcome;
  {
    const MonotonicTime latest = now + options_.statement_timeout;
    const Connection::StopScope scope(*connection_,
                                      {.deadline = std::min(deadline.value_or(latest), latest)});
    outcome = job.Run(*connection_);
  }
  if (!connection_->in_transaction()) return outcome;
  if (outcome && connection_->has_deferred_violation()) {
    outcome = sql::Fail(FailureKind::kForeignKeyViolation, "FOREIGN KEY constraint failed");
    outcome.error().code = "SQLITE_CONSTRAINT_FOREIGNKEY";
  }
  const bool left_clean = (outcome || connection_->Do(kRollbackTo)) && connection_->Do(kRelease);
  if (!left_clean) connection_->RollBack();
  return outcome;
}

sql::Result<void> Writer::Commit() {
  const std::int64_t begun = MonotonicMicros();
  auto committed = connection_->Commit();
  metrics_.commit_seconds.Observe(static_cast<double>(MonotonicMicros() - begun) / 1e6);
  metrics_.commits.Add();
  return committed;
}

void Writer::Answer(GroupedJob& job, sql::Result<void> outcome) {
  Done();
  if (outcome) {
    metrics_.writes.Add();
    job.Answer();
  } else {
    metrics_.CountFailure(outcome.error().kind);
    job.Refuse(std::move(outcome).error());
  }
}

void Writer::ServeAlone(LoneJob& job) {
  Done();
  if (!job.ticket().Take()) return;
  if (condition_.is_damaged()) {
    job.Refuse({.kind = FailureKind::kCorrupt,
                .message = "the database is damaged; see the log, and restore a backup"});
    return;
  }
  job.Serve(*connection_, stop_.get_token());
  connection_->RollBack();
}

// Before the answer: a caller that has it sees that there is room again.
void Writer::Done() {
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  metrics_.writes_waiting.Sub(1);
}

void Writer::Probe() {
  static const sql::Statement kRead("select user_version from pragma_user_version");
  std::int64_t version = 0;
  {
    auto query = connection_->Prepare(kRead);
    if (!query || !query->Step().value_or(false)) return;
    version = query->Integer(0);
  }
  if (!connection_->Begin(sql::Access::kWrite)) return;
  const sql::Statement write(fmt::format("pragma user_version = {}", version),
                             {.reuse = sql::Reuse::kOnce, .parameter_oids = {}});
  if (connection_->Do(write)) (void)Commit();
  connection_->RollBack();
}

}  // namespace tidemill::sqlite
