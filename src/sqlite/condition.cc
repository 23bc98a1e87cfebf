#include "sqlite/condition.h"

#include "base/log.h"

namespace tidemill::sqlite {

void Condition::NoteDamage(const std::string& message) {
  const std::scoped_lock lock(mutex_);
  if (damaged_.exchange(true)) return;
  problem_ = {.since = SystemClock().Now(), .kind = sql::FailureKind::kCorrupt, .message = message};
  log::Error("sqlite.damaged", {{"why", message}});
}

void Condition::NoteFailedCommit(const sql::Failure& failure) {
  const std::scoped_lock lock(mutex_);
  if (damaged_ || failing_.exchange(true)) return;
  problem_ = {.since = SystemClock().Now(), .kind = failure.kind, .message = failure.message};
  log::Error("sqlite.writing_failed", {{"kind", Name(failure.kind)}, {"why", failure.message}});
}

void Condition::NoteCommit() {
  if (!is_failing()) return;
  const std::scoped_lock lock(mutex_);
  if (!failing_.exchange(false) || damaged_) return;
  const Duration lasted = SystemClock().Now() - problem_->since;
  problem_.reset();
  log::Info("sqlite.writing_resumed", {{"after_ms", lasted.ms}});
}

std::optional<Problem> Condition::problem() const {
  if (!is_damaged() && !is_failing()) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  return problem_;
}

}  // namespace tidemill::sqlite
