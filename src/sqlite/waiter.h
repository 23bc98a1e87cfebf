// Waiter: what a loop's task holds while a thread works for it. At the deadline, or when it has waited as
// long as it may, the task is answered if no thread has begun; one that has begun looks at the deadline
// itself. Destroyed with the task, it cancels.
//
// Loop thread only.
#pragma once

#include <memory>
#include <optional>

#include "base/clock.h"
#include "net/loop.h"
#include "net/reply.h"
#include "net/timer_wheel.h"
#include "sql/failure.h"
#include "sqlite/ticket.h"

namespace tidemill::sqlite {

// `R` is a sql::Result.
template <class R>
class Waiter final : private net::Timer {
 public:
  using Sender = typename net::Reply<R>::Sender;

  Waiter(net::Loop& loop, std::optional<MonotonicTime> deadline, std::optional<Duration> wait_max = {})
      : reply_(loop), ticket_(std::make_shared<Ticket>(deadline)) {
    std::optional<MonotonicTime> due = deadline;
    if (wait_max) {
      const MonotonicTime late = loop.clock().Now() + *wait_max;
      until_deadline_ = deadline && *deadline <= late;
      if (!until_deadline_) due = late;
    }
    if (due) loop.timers().Schedule(*this, *due);
  }
  ~Waiter() override { ticket_->Cancel(); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Sender sender() const { return reply_.sender(); }
  const std::shared_ptr<Ticket>& ticket() const { return ticket_; }
  net::Reply<R>& reply() { return reply_; }

 private:
  void OnTimer() override {
    if (!ticket_->Abandon()) return;
    const Sender sender = reply_.sender();
    if (until_deadline_) {
      sender.Send(sql::Fail(sql::FailureKind::kTimeout, "the deadline passed before its turn came"));
    } else {
      sender.Send(sql::Fail(sql::FailureKind::kBusy, "it waited too long for its turn"));
    }
  }

  net::Reply<R> reply_;
  const std::shared_ptr<Ticket> ticket_;
  bool until_deadline_ = true;  // which comes before the end of wait_max
};

}  // namespace tidemill::sqlite
