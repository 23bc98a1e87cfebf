#include "sqlite/wal_keeper.h"

#include "base/log.h"

namespace tidemill::sqlite {
namespace {

constexpr Duration kIdle = Milliseconds(10);  // of nothing to write, before the log is copied
constexpr Duration kRetry = Milliseconds(250);
constexpr Duration kCutInterval = Seconds(1);
constexpr Duration kCutWait = Milliseconds(100);  // for reads that hold it
constexpr Duration kLogInterval = Seconds(10);

}  // namespace

void WalKeeper::OnCommit() {
  if (connection_.log_pages() < pages_before_) copied_pages_ = 0;  // it was begun anew
  pages_before_ = connection_.log_pages();
  ShowBytes();
  if (bytes() < limits_.bytes_max) return;
  // Once it is copied and no read is in it, the next commit begins it anew. Where reads never leave it, they
  // are waited for: those that come then do without it.
  const MonotonicTime now = SystemClock().Now();
  if (now < next_cut_) return;
  next_cut_ = now + kCutInterval;
  Checkpoint(Connection::CheckpointMode::kTruncate);
}

void WalKeeper::OnIdle() {
  const MonotonicTime now = SystemClock().Now();
  if (!is_due() || now < next_idle_) return;
  Checkpoint(Connection::CheckpointMode::kPassive);
  if (is_due()) next_idle_ = now + kRetry;
}

Duration WalKeeper::pause() const {
  const Duration until_next = next_idle_ - SystemClock().Now();
  return until_next > kIdle ? until_next : kIdle;
}

void WalKeeper::Finish() { Checkpoint(Connection::CheckpointMode::kTruncate); }

void WalKeeper::Checkpoint(Connection::CheckpointMode mode) {
  const auto log = connection_.Checkpoint(mode, kCutWait);
  if (!log) {
    metrics_.CountFailure(log.error().kind);
    log::Warn("sqlite.checkpoint_failed", {{"why", log.error().message}, {"code", log.error().code}});
    return;
  }
  metrics_.checkpoints.Add();
  copied_pages_ = log->copied;
  pages_before_ = connection_.log_pages();
  if (log->copied < log->pages) NotePinned(*log);
  ShowBytes();
}

void WalKeeper::NotePinned(const Connection::Log& log) {
  metrics_.checkpoints_pinned.Add();
  const MonotonicTime now = SystemClock().Now();
  if (now < next_log_ || bytes() < limits_.bytes_max) return;
  next_log_ = now + kLogInterval;
  log::Warn("sqlite.log_pinned",
            {{"bytes", bytes()}, {"pages_left", log.pages - log.copied}, {"by", oldest_read_()}});
}

void WalKeeper::ShowBytes() {
  const auto now = static_cast<std::int64_t>(bytes());
  metrics_.wal_bytes.Add(now - shown_bytes_);
  shown_bytes_ = now;
}

}  // namespace tidemill::sqlite
