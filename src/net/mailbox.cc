#include "net/mailbox.h"

#include <sys/eventfd.h>

#include "base/assert.h"

namespace tidemill::net {
namespace {

// A stack of messages, newest first, turned into a list, oldest first.
template <class M, class Next>
M* Reverse(M* newest, Next next) {
  M* oldest = nullptr;
  while (newest != nullptr) {
    M* const older = next(newest);
    next(newest) = oldest;
    oldest = newest;
    newest = older;
  }
  return oldest;
}

}  // namespace

Mailbox::~Mailbox() { Discard(); }

void Mailbox::Post(std::unique_ptr<Message> message) {
  depth_.fetch_add(1, std::memory_order_relaxed);
  Message* const added = message.release();
  Message* newest = newest_.load(std::memory_order_relaxed);
  do {
    added->next_ = newest;
  } while (
      !newest_.compare_exchange_weak(newest, added, std::memory_order_seq_cst, std::memory_order_relaxed));
}

void Mailbox::Wake() {
  // Of all who see it sleep, one wakes it.
  if (!sleeping_.load(std::memory_order_seq_cst) || !sleeping_.exchange(false)) return;
  TM_ASSERT(eventfd_write(wake_fd_, 1) == 0);
}

bool Mailbox::BeginSleep() {
  sleeping_.store(true, std::memory_order_seq_cst);
  if (left_over_ == nullptr && newest_.load(std::memory_order_seq_cst) == nullptr) return true;
  EndSleep();
  return false;
}

std::unique_ptr<Message> Mailbox::TakeFirst(Message*& list) {
  std::unique_ptr<Message> message(list);
  list = message->next_;
  depth_.fetch_sub(1, std::memory_order_relaxed);
  return message;
}

Message* Mailbox::TakeAll() {
  return Reverse(newest_.exchange(nullptr, std::memory_order_acquire),
                 [](Message* message) -> Message*& { return message->next_; });
}

void Mailbox::Discard() {
  while (left_over_ != nullptr) TakeFirst(left_over_);
  // A destroyed message may post another.
  while (Message* list = TakeAll()) {
    while (list != nullptr) TakeFirst(list);
  }
}

}  // namespace tidemill::net
