#include "jobs/engine/working.h"

#include <utility>

#include "base/assert.h"

namespace tidemill::jobs {

void Held::OnTimer() {
  if (memory == owner.memory_.get()) owner.on_expired_(*this);
}

Working::Working(net::TimerWheel& wheel, OnExpired on_expired)
    : wheel_(wheel), on_expired_(std::move(on_expired)) {}

Working::~Working() = default;

Held& Working::Add(std::unique_ptr<Held> held, MonotonicTime until) {
  Held& added = *held;
  added.memory = memory_.get();
  Memory::Worker& worker = memory_->workers_[added.wid];
  worker.held.PushFront(added);
  ++worker.count;
  wheel_.Schedule(added, until);
  if (!added.is_claimed) memory_->unclaimed_.PushBack(added);
  const bool is_new = memory_->by_jid_.emplace(added.jid, std::move(held)).second;
  TM_ASSERT(is_new);
  return added;
}

Held* Working::Find(std::string_view jid) {
  const auto found = memory_->by_jid_.find(jid);
  return found == memory_->by_jid_.end() ? nullptr : found->second.get();
}

const Held* Working::Find(std::string_view jid) const {
  const auto found = memory_->by_jid_.find(jid);
  return found == memory_->by_jid_.end() ? nullptr : found->second.get();
}

std::unique_ptr<Held> Working::Take(Held& held) {
  wheel_.Cancel(held);
  held.FifoLink::Unlink();
  const auto worker = memory_->workers_.find(held.wid);
  IntrusiveList<Held>::Remove(held);
  if (--worker->second.count == 0) memory_->workers_.erase(worker);
  return std::move(memory_->by_jid_.extract(held.jid).mapped());
}

void Working::Extend(Held& held, MonotonicTime until) {
  if (held.deadline() < until) wheel_.Schedule(held, until);
}

Held* Working::OneOf(std::string_view wid) {
  const auto worker = memory_->workers_.find(wid);
  return worker == memory_->workers_.end() ? nullptr : worker->second.held.front();
}

std::size_t Working::CountOf(std::string_view wid) const {
  const auto worker = memory_->workers_.find(wid);
  return worker == memory_->workers_.end() ? 0 : worker->second.count;
}

void Working::Claimed(Held& held) {
  held.is_claimed = true;
  held.FifoLink::Unlink();
}

std::unique_ptr<Working::Memory> Working::Clear() {
  return std::exchange(memory_, std::make_unique<Memory>());
}

}  // namespace tidemill::jobs
