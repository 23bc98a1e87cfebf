#include "postgres/connection/exchange.h"

#include <utility>

namespace tidemill::postgres {

Exchange::~Exchange() {
  if (!sent_ || over_) return;
  connection_.Forget(segment_);
  connection_.Cancel(segment_);
}

void Exchange::Send(const SegmentWriter& writer, std::optional<MonotonicTime> deadline,
                    Connection::Haste haste) {
  segment_ = connection_.Send(writer, this, haste);
  sent_ = true;
  if (deadline) connection_.loop().timers().Schedule(*this, *deadline);
}

sql::Result<void> Exchange::await_resume() {
  if (failure_) return std::unexpected(*std::move(failure_));
  return {};
}

void Exchange::OnEnd(const SegmentEnd& end) {
  if (!end.status) {
    failure_ = {.kind = sql::FailureKind::kUnavailable,
                .effect = sql::Effect::kUnknown,
                .message = "PostgreSQL: " + end.why};
  }
  Finish();
}

void Exchange::OnTimer() {
  connection_.Forget(segment_);
  connection_.Cancel(segment_);
  failure_ = {.kind = sql::FailureKind::kTimeout,
              .effect = sql::Effect::kUnknown,
              .message = "PostgreSQL did not answer in time"};
  Finish();
}

void Exchange::Finish() {
  over_ = true;
  connection_.loop().timers().Cancel(*this);
  if (awaiter_) std::exchange(awaiter_, nullptr).resume();
}

}  // namespace tidemill::postgres
