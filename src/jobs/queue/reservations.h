// Reservations: the jobs that workers have, by jid: who has them, and until when.
//
// A reservation that runs out, and those of a worker that is gone, come back to the owner of this. Loop
// thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "jobs/queue/dispatcher.h"
#include "net/timer_wheel.h"

namespace tidemill::queue {

struct Reservation {
  std::string jid;
  std::string wid;
  QueueId queue;
  int priority = 5;
  Entry entry;
};

class Reservations {
 public:
  // `on_expired` gets what ran out; it may add and take. The wheel's owner bounds how many a turn.
  using OnExpired = std::function<void(Reservation)>;
  Reservations(net::TimerWheel& wheel, OnExpired on_expired);
  Reservations(const Reservations&) = delete;
  Reservations& operator=(const Reservations&) = delete;
  ~Reservations();

  std::size_t size() const { return by_jid_.size(); }
  // False: a job of that jid is reserved already, and stays so.
  bool Add(Reservation reservation, MonotonicTime until);
  const Reservation* Find(std::string_view jid) const;
  // ACK and FAIL: whoever says so, as in Faktory. nullopt: no such reservation.
  std::optional<Reservation> Take(std::string_view jid);
  // Only to later: an earlier time changes nothing. False: no such reservation.
  bool Extend(std::string_view jid, MonotonicTime until);
  // One of the jobs that the worker has; nullopt when it has none.
  std::optional<Reservation> TakeOneOf(std::string_view wid);

 private:
  struct Held;
  struct Worker;

  Reservation Remove(Held& held);

  net::TimerWheel& wheel_;
  OnExpired on_expired_;
  std::unordered_map<std::string, std::unique_ptr<Worker>> workers_;
  std::unordered_map<std::string_view, std::unique_ptr<Held>> by_jid_;  // views of the reservations' jids
};

}  // namespace tidemill::queue
