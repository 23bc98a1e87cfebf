// Working: the jobs that workers have: who has them, until when, and what is to be known when they end.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "jobs/engine/plugin.h"
#include "jobs/engine/track.h"
#include "jobs/queue/dispatcher.h"
#include "jobs/queue/fifo_list.h"
#include "net/timer_wheel.h"

namespace tidemill::jobs {

class Working;

struct Held final : net::Timer, ListLink<Held>, queue::FifoLink {
  explicit Held(Working& of) : owner(of) {}
  void OnTimer() override;

  Working& owner;
  queue::JobId id;
  queue::QueueId queue;
  std::string jid;
  std::string wid;
  std::string type;
  std::string text;
  std::string lock_key;  // released when it succeeds; empty: none
  std::string batch;
  int priority = 5;
  int attempt = 1;
  Roles roles;
  bool is_tracked = false;
  bool is_claimed = false;       // the store knows
  bool is_cancelled = false;     // its worker is to be told
  bool is_queued = false;        // its entry stands in its queue all the same (orphans.h)
  const void* memory = nullptr;  // Working's own: which it was added to
  WallTime since;
  WallTime until;
  MonotonicTime since_monotonic;
  std::unique_ptr<JobProgress> progress;  // null: it has said nothing
};

class Working {
 public:
  // `on_expired` gets a job whose time ran out, which is still in here.
  using OnExpired = std::function<void(Held&)>;
  Working(net::TimerWheel& wheel, OnExpired on_expired);
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;
  ~Working();

  std::size_t size() const { return memory_->by_jid_.size(); }
  std::unique_ptr<Held> Make() { return std::make_unique<Held>(*this); }
  // No job of that jid may be in here.
  Held& Add(std::unique_ptr<Held> held, MonotonicTime until);
  Held* Find(std::string_view jid);
  const Held* Find(std::string_view jid) const;
  std::unique_ptr<Held> Take(Held& held);
  void Extend(Held& held, MonotonicTime until);

  Held* OneOf(std::string_view wid);
  std::size_t CountOf(std::string_view wid) const;

  // The longest reserved of those that were not claimed; null: there is none. Claimed() takes it off the
  // list.
  Held* FirstUnclaimed() { return memory_->unclaimed_.front(); }
  void Claimed(Held& held);

  template <class Visit>
  void ForEach(Visit visit) const {
    for (const auto& [jid, held] : memory_->by_jid_) visit(*held);
  }
  // The same piece by piece: whoever is there all the while is visited, perhaps more than once; whoever comes
  // or goes may be. False: that was all.
  class Cursor {
    friend class Working;
    std::size_t bucket = 0;
    std::size_t buckets = 0;
  };
  template <class Visit>
  bool VisitSome(Cursor& cursor, Visit visit) const {
    const auto& all = memory_->by_jid_;
    if (cursor.buckets != all.bucket_count()) {
      cursor.buckets = all.bucket_count();
      cursor.bucket = 0;
    }
    if (cursor.bucket == cursor.buckets) return false;
    const std::size_t bucket = cursor.bucket++;
    for (auto at = all.begin(bucket); at != all.end(bucket); ++at) visit(*at->second);
    return true;
  }

  // What was in it, whose timers do nothing any more: to be destroyed on the loop, piece by piece.
  class Memory {
   public:
    bool empty() const { return by_jid_.empty(); }
    void DropOne() { by_jid_.erase(by_jid_.begin()); }

   private:
    friend class Working;
    struct Worker {
      IntrusiveList<Held> held;
      std::size_t count = 0;
    };
    struct Hash {
      using is_transparent = void;
      std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };

    std::unordered_map<std::string, Worker, Hash, std::equal_to<>> workers_;
    std::unordered_map<std::string_view, std::unique_ptr<Held>> by_jid_;  // views of the jids in them
    queue::FifoList<Held> unclaimed_;
  };
  [[nodiscard]] std::unique_ptr<Memory> Clear();

 private:
  friend struct Held;

  net::TimerWheel& wheel_;
  OnExpired on_expired_;
  std::unique_ptr<Memory> memory_ = std::make_unique<Memory>();
};

}  // namespace tidemill::jobs
