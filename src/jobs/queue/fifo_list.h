// FifoList: elements in the order in which they came, which may leave from anywhere: those that wait for
// their turn.
//
// An element derives from FifoLink and is in one list at most; nothing is allocated, and leaving needs no
// search. An element that is destroyed leaves its list; a list that is destroyed leaves its elements
// unlinked. One thread.
#pragma once

#include "base/assert.h"

namespace tidemill::queue {

class FifoLink {
 public:
  FifoLink() = default;
  FifoLink(const FifoLink&) = delete;
  FifoLink& operator=(const FifoLink&) = delete;
  ~FifoLink() { Unlink(); }

  bool linked() const { return next_ != this; }
  void Unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = this;
  }

 private:
  template <class T>
  friend class FifoList;

  FifoLink* next_ = this;
  FifoLink* previous_ = this;
};

template <class T>
class FifoList {
 public:
  FifoList() = default;
  FifoList(const FifoList&) = delete;
  FifoList& operator=(const FifoList&) = delete;
  ~FifoList() {
    while (!empty()) ends_.next_->Unlink();
  }

  bool empty() const { return !ends_.linked(); }
  // The element that came first; null when there is none.
  T* front() { return empty() ? nullptr : static_cast<T*>(ends_.next_); }
  // Takes over all that `other` has, in no time. This one must be empty.
  void TakeFrom(FifoList& other) {
    TM_ASSERT(empty());
    if (other.empty()) return;
    ends_.next_ = other.ends_.next_;
    ends_.previous_ = other.ends_.previous_;
    ends_.next_->previous_ = &ends_;
    ends_.previous_->next_ = &ends_;
    other.ends_.next_ = other.ends_.previous_ = &other.ends_;
  }
  // `element` must be in no list.
  void PushBack(T& element) {
    FifoLink& link = element;
    TM_ASSERT(!link.linked());
    link.previous_ = ends_.previous_;
    link.next_ = &ends_;
    ends_.previous_->next_ = &link;
    ends_.previous_ = &link;
  }

 private:
  FifoLink ends_;  // before the first and behind the last
};

}  // namespace tidemill::queue
