// Exchange: one segment whose answers go to a function, until it ends: for what is asked seldom.
//
// co_await it after Send; it gives the failure, if there was one. Destroyed before its end, its answers are
// dropped. Loop thread only.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "net/timer_wheel.h"
#include "postgres/connection/connection.h"

namespace tidemill::postgres {

class Exchange final : public Request, private net::Timer {
 public:
  using Take = std::function<void(const Message&)>;
  Exchange(Connection& connection, Take take) : connection_(connection), take_(std::move(take)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() override;

  // Connection::MaySend. The segment has its Sync. Over the deadline it is cancelled, and kTimeout.
  void Send(const SegmentWriter& writer, std::optional<MonotonicTime> deadline,
            Connection::Haste haste = Connection::Haste::kHurried);

  // What failed it was a cancelling that was meant for another.
  bool was_hit() const { return was_hit_; }

  bool await_ready() const { return over_; }
  void await_suspend(std::coroutine_handle<> awaiter) { awaiter_ = awaiter; }
  sql::Result<void> await_resume();

 private:
  void OnAnswer(std::size_t, const Message& message) override { take_(message); }
  void OnFailure(std::size_t, ServerMessage message, bool stray_cancel) override {
    failure_ = std::move(message.failure);
    was_hit_ = stray_cancel;
  }
  void OnEnd(const SegmentEnd& end) override;
  void OnTimer() override;
  void Finish();

  Connection& connection_;
  const Take take_;
  std::uint64_t segment_ = 0;
  bool sent_ = false;
  bool over_ = false;
  bool was_hit_ = false;
  std::optional<sql::Failure> failure_;
  std::coroutine_handle<> awaiter_;
};

}  // namespace tidemill::postgres
