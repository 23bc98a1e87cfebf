// Mailbox: how one loop hands work to another. First in, first out per sender; no lock on any path.
//
// Post from any thread, Drain on the owning loop only. A message runs exactly once, on the owning loop, or
// is destroyed unrun when the loop ends. It has no limit of its own: whoever posts on behalf of a client
// checks depth() first.
//
// A wake-up is a system call, so there is one only for an owner that sleeps, and one for as many messages as
// the sender likes. None is lost: the owner says that it sleeps and then looks whether there is a message,
// the sender posts a message and then looks whether the owner sleeps, and all four are of one total order.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace tidemill::net {

// A unit of work for another loop.
class Message {
 public:
  virtual ~Message() = default;
  virtual void Run() = 0;

 private:
  friend class Mailbox;
  Message* next_ = nullptr;
};

class Mailbox {
 public:
  // `wake_fd` is an eventfd that the owning loop polls.
  explicit Mailbox(int wake_fd) : wake_fd_(wake_fd) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  // Any thread.
  // Wake must follow, sooner or later.
  void Post(std::unique_ptr<Message> message);
  // Wakes the owner, if it sleeps or is about to.
  void Wake();
  std::size_t depth() const { return depth_.load(std::memory_order_relaxed); }

  // Owning loop only: takes what was there when called, in order; gives how many. `run` runs a message, and
  // says whether there is time for another: what is left when it says no is first in the next call. The owner
  // calls again while depth() is not zero.
  template <class Run>
  std::size_t Drain(Run run) {
    if (left_over_ == nullptr) left_over_ = TakeAll();
    std::size_t ran = 0;
    for (bool more = true; more && left_over_ != nullptr; ++ran) more = run(*TakeFirst(left_over_));
    return ran;
  }
  std::size_t Drain() {
    return Drain([](Message& message) {
      message.Run();
      return true;
    });
  }
  // Owning loop only: destroys what is there, unrun.
  void Discard();
  // Owning loop only, before it waits and after: false if there is something to do first.
  bool BeginSleep();
  void EndSleep() { sleeping_.store(false, std::memory_order_relaxed); }

 private:
  Message* TakeAll();  // oldest first
  std::unique_ptr<Message> TakeFirst(Message*& list);

  const int wake_fd_;
  std::atomic<Message*> newest_{nullptr};
  std::atomic<std::size_t> depth_{0};
  std::atomic<bool> sleeping_{true};  // until the owner says otherwise
  Message* left_over_ = nullptr;      // the owning loop's: taken and not yet run, oldest first
};

template <class F>
class FunctionMessage final : public Message {
 public:
  explicit FunctionMessage(F function) : function_(std::move(function)) {}
  void Run() override { function_(); }

 private:
  F function_;
};

}  // namespace tidemill::net
