#include "jobs/queue/reservations.h"

#include <utility>

namespace tidemill::queue {

struct Reservations::Held final : net::Timer, ListLink<Held> {
  Held(Reservations& of, Reservation what) : owner(of), reservation(std::move(what)) {}
  void OnTimer() override {
    Reservations& of = owner;  // Remove destroys this
    of.on_expired_(of.Remove(*this));
  }

  Reservations& owner;
  Worker* worker = nullptr;
  Reservation reservation;
};

struct Reservations::Worker {
  std::string wid;
  IntrusiveList<Held> held;
};

Reservations::Reservations(net::TimerWheel& wheel, OnExpired on_expired)
    : wheel_(wheel), on_expired_(std::move(on_expired)) {}

Reservations::~Reservations() = default;

bool Reservations::Add(Reservation reservation, MonotonicTime until) {
  if (by_jid_.contains(reservation.jid)) return false;
  auto held = std::make_unique<Held>(*this, std::move(reservation));
  auto& worker = workers_[held->reservation.wid];
  if (worker == nullptr) {
    worker = std::make_unique<Worker>();
    worker->wid = held->reservation.wid;
  }
  held->worker = worker.get();
  worker->held.PushFront(*held);
  wheel_.Schedule(*held, until);
  const std::string_view jid = held->reservation.jid;
  by_jid_.emplace(jid, std::move(held));
  return true;
}

const Reservation* Reservations::Find(std::string_view jid) const {
  const auto found = by_jid_.find(jid);
  return found == by_jid_.end() ? nullptr : &found->second->reservation;
}

Reservation Reservations::Remove(Held& held) {
  Worker* const worker = held.worker;
  auto node = by_jid_.extract(held.reservation.jid);
  Reservation reservation = std::move(held.reservation);
  node.mapped().reset();
  if (worker->held.empty()) workers_.erase(std::string(worker->wid));
  return reservation;
}

std::optional<Reservation> Reservations::Take(std::string_view jid) {
  const auto found = by_jid_.find(jid);
  if (found == by_jid_.end()) return std::nullopt;
  return Remove(*found->second);
}

bool Reservations::Extend(std::string_view jid, MonotonicTime until) {
  const auto found = by_jid_.find(jid);
  if (found == by_jid_.end()) return false;
  if (found->second->deadline() < until) wheel_.Schedule(*found->second, until);
  return true;
}

std::optional<Reservation> Reservations::TakeOneOf(std::string_view wid) {
  const auto worker = workers_.find(std::string(wid));
  if (worker == workers_.end()) return std::nullopt;
  return Remove(*worker->second->held.front());
}

}  // namespace tidemill::queue
