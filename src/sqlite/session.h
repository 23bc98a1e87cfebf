// Session: a conversation between a loop and the thread that holds a connection for it: a transaction of
// several steps, a result read in pieces.
//
// The loop posts one request at a time and waits for its answer; the thread waits for the next. Either side
// may end it: then the thread gets nothing more, and what the loop posts is refused.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/clock.h"
#include "sql/failure.h"

namespace tidemill::sqlite {

// `Request` has a Refuse(const sql::Failure&), which answers it.
template <class Request>
class Session {
 public:
  // Loop.
  void Post(Request request) {
    std::unique_lock lock(mutex_);
    if (ended_) {
      const sql::Failure why = *ended_;
      lock.unlock();
      request.Refuse(why);
      return;
    }
    request_.emplace(std::move(request));
    changed_.notify_one();
  }
  // Any thread: nothing more will be posted.
  void Leave() {
    const std::scoped_lock lock(mutex_);
    left_ = true;
    changed_.notify_one();
  }

  // The thread. nullopt: the loop has left, `until` has come, or `stop` was requested; call End then.
  std::optional<Request> Next(const std::stop_token& stop, MonotonicTime until) {
    std::unique_lock lock(mutex_);
    const auto wait = std::chrono::milliseconds(std::max<std::int64_t>((until - SystemClock().Now()).ms, 0));
    changed_.wait_for(lock, stop, wait, [this] { return request_.has_value() || left_; });
    return std::exchange(request_, std::nullopt);
  }
  // The thread: whatever comes now, or has come, is refused so.
  void End(const sql::Failure& why) {
    std::unique_lock lock(mutex_);
    ended_ = why;
    std::optional<Request> waiting = std::exchange(request_, std::nullopt);
    lock.unlock();
    if (waiting) waiting->Refuse(why);
  }
  bool left() const {
    const std::scoped_lock lock(mutex_);
    return left_;
  }

  // The loop's end of it: a session whose holder is destroyed is left.
  class Holder {
   public:
    explicit Holder(std::shared_ptr<Session> session) : session_(std::move(session)) {}
    Holder(Holder&&) noexcept = default;
    Holder& operator=(Holder&&) = delete;
    ~Holder() {
      if (session_ != nullptr) session_->Leave();
    }
    Session* operator->() const { return session_.get(); }

   private:
    std::shared_ptr<Session> session_;
  };

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Request> request_;
  std::optional<sql::Failure> ended_;
  bool left_ = false;
};

}  // namespace tidemill::sqlite
