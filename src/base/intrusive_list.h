// IntrusiveList: a list whose links stand in its elements, so that entering and leaving it allocate nothing
// and need no search.
//
// An element derives from ListLink<Tag>, once for each kind of list it may be in. It owns nothing of the list
// and the list owns no element: an element that is destroyed leaves its list, a list that is destroyed leaves
// its elements unlinked. The newest element comes first. One thread.
#pragma once

#include "base/assert.h"

namespace tidemill {

template <class T, class Tag>
class IntrusiveList;

template <class Tag>
class ListLink {
 public:
  ListLink() = default;
  ListLink(const ListLink&) = delete;
  ListLink& operator=(const ListLink&) = delete;
  ~ListLink() { Unlink(); }

 private:
  template <class T, class U>
  friend class IntrusiveList;

  void Unlink() {
    if (pointed_by_ == nullptr) return;
    *pointed_by_ = next_;
    if (next_ != nullptr) next_->pointed_by_ = pointed_by_;
    next_ = nullptr;
    pointed_by_ = nullptr;
  }

  ListLink* next_ = nullptr;
  ListLink** pointed_by_ = nullptr;  // the list's first or the previous element's next_; null: in no list
};

template <class T, class Tag = T>
class IntrusiveList {
 public:
  // The element at hand may leave the list or be destroyed while the list is walked, the one after it may
  // not.
  class Iterator {
   public:
    explicit Iterator(ListLink<Tag>* at) : at_(at), next_(at != nullptr ? at->next_ : nullptr) {}
    T& operator*() const { return static_cast<T&>(*at_); }
    Iterator& operator++() {
      *this = Iterator(next_);
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    ListLink<Tag>* at_;
    ListLink<Tag>* next_;
  };

  IntrusiveList() = default;
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (first_ != nullptr) first_->Unlink();
  }

  bool empty() const { return first_ == nullptr; }
  T* front() const { return static_cast<T*>(first_); }  // null when empty
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(nullptr); }

  // `element` must be in no list.
  void PushFront(T& element) {
    ListLink<Tag>& link = element;
    TM_ASSERT(link.pointed_by_ == nullptr);
    link.next_ = first_;
    if (first_ != nullptr) first_->pointed_by_ = &link.next_;
    first_ = &link;
    link.pointed_by_ = &first_;
  }

  // Takes over all that `other` has, in no time. This one must be empty.
  void TakeFrom(IntrusiveList& other) {
    TM_ASSERT(first_ == nullptr);
    first_ = other.first_;
    other.first_ = nullptr;
    if (first_ != nullptr) first_->pointed_by_ = &first_;
  }

  // Takes `element` out of the list it is in, if any.
  static void Remove(T& element) { static_cast<ListLink<Tag>&>(element).Unlink(); }
  // Whether `element` is in a list.
  static bool IsListed(const T& element) {
    return static_cast<const ListLink<Tag>&>(element).pointed_by_ != nullptr;
  }

 private:
  ListLink<Tag>* first_ = nullptr;
};

}  // namespace tidemill
