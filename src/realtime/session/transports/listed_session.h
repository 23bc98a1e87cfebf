// ListedSession<T>: what the objects of all transports that hold a session have in common: T stands in the
// list of its endpoint, owns itself, and is destroyed at the end of the turn in which it retires; or by its
// endpoint, if that ends first.
//
// Loop thread only.
#pragma once

#include <memory>

#include "base/intrusive_list.h"
#include "net/loop.h"

namespace tidemill::session {

template <class T>
class ListedSession : public ListLink<T> {
 public:
  // All of one loop, so that those left at the end are destroyed too.
  class List {
   public:
    ~List() {
      while (T* const session = sessions_.front()) delete session;
    }
    bool empty() const { return sessions_.empty(); }
    void Add(T& session) { sessions_.PushFront(session); }

   private:
    IntrusiveList<T> sessions_;
  };

 protected:
  ~ListedSession() {
    if (ending_ != nullptr) ending_->session = nullptr;
  }

  void RetireOn(net::Loop& loop) {
    auto ending = std::make_unique<Ending>(static_cast<T&>(*this));
    ending_ = ending.get();
    loop.Retire(std::move(ending));
  }

 private:
  // A task that ends after the loop has stopped may be the last to hold a session: the loop then ends after
  // all that the session refers to, and must find it gone.
  struct Ending final : net::Retirable {
    explicit Ending(T& ended) : session(&ended) {}
    ~Ending() override { delete session; }
    T* session;
  };

  Ending* ending_ = nullptr;  // not null: retired
};

}  // namespace tidemill::session
