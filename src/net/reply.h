// Reply, Ask: how a task waits for what another loop, a thread or a callback answers.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "net/loop.h"
#include "net/task.h"

namespace tidemill::net {

// The answer to a question asked of another loop or of a callback API.
//
//   Reply<int> reply(loop);                      // on the asking loop
//   other.Post([sender = reply.sender()] { sender.Send(42); });
//   const int answer = co_await reply;
//
// The awaiter resumes synchronously, inside the message that brings the answer: everything the answering
// loop posts afterwards is seen afterwards. One Send at most. A Reply destroyed while waiting is forgotten:
// the late answer is dropped.
template <class T>
class Reply {
  struct State {
    explicit State(Loop& l) : loop(l) {}
    Loop& loop;
    std::optional<T> value;                     // asking loop only
    std::coroutine_handle<> awaiter = nullptr;  // asking loop only
    bool forgotten = false;                     // asking loop only
  };

 public:
  explicit Reply(Loop& loop) : state_(std::make_shared<State>(loop)) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  // A sender may live long: what an answer holds is not kept with it.
  ~Reply() {
    state_->awaiter = nullptr;
    state_->value.reset();
    state_->forgotten = true;
  }

  class Sender {
   public:
    // Any thread.
    void Send(T value) const {
      if (state_->loop.IsCurrent()) {
        Deliver(*state_, std::move(value));
        return;
      }
      state_->loop.Post(
          [state = state_, moved = std::move(value)]() mutable { Deliver(*state, std::move(moved)); });
    }

   private:
    friend class Reply;
    explicit Sender(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };

  Sender sender() const { return Sender(state_); }
  bool await_ready() const { return state_->value.has_value(); }
  void await_suspend(std::coroutine_handle<> awaiter) { state_->awaiter = awaiter; }
  T await_resume() { return *std::move(state_->value); }

 private:
  static void Deliver(State& state, T value) {
    if (state.forgotten) return;
    state.value.emplace(std::move(value));
    if (state.awaiter) std::exchange(state.awaiter, nullptr).resume();
  }

  std::shared_ptr<State> state_;
};

// Runs `function` on `other`, in line with everything else posted there, and brings its answer back.
template <class T, class F>
Task<T> Ask(Loop& asker, Loop& other, F function) {
  Reply<T> reply(asker);
  other.Post([sender = reply.sender(), ask = std::move(function)]() mutable { sender.Send(ask()); });
  co_return co_await reply;
}

}  // namespace tidemill::net
