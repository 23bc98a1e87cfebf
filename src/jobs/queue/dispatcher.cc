#include "jobs/queue/dispatcher.h"

#include <utility>

#include "base/assert.h"

namespace tidemill::queue {

Result<QueueId> Dispatcher::Open(std::string_view name) {
  TM_ASSERT(!name.empty());
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  if (IsFull()) {
    return Fail(Errc::kLimitExceeded, "at most " + std::to_string(options_.queues_max) + " queues");
  }
  if (free_.empty()) {
    free_.emplace_back(static_cast<std::uint32_t>(queues_.size()));
    queues_.emplace_back();
  }
  const QueueId id = free_.back();
  free_.pop_back();
  queues_[id.value()] = std::make_unique<Queue>(name, options_.text_bytes_max);
  by_name_.emplace(At(id).name, id);
  return id;
}

void Dispatcher::Close(QueueId id) {
  const Queue& queue = At(id);
  TM_ASSERT(queue.ready.size() == 0 && queue.waiting.empty());
  by_name_.erase(queue.name);
  queues_[id.value()] = std::make_unique<Queue>("", options_.text_bytes_max);
  free_.push_back(id);
}

std::optional<QueueId> Dispatcher::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

Fetcher* Dispatcher::TakeFetcher(Queue& queue) {
  WaitNode* const first = queue.waiting.front();
  if (queue.paused || first == nullptr) return nullptr;
  Fetcher* const fetcher = first->fetcher;
  fetcher->StopWaiting();
  return fetcher;
}

void Dispatcher::Push(QueueId id, Entry entry, int priority) {
  Queue& queue = At(id);
  // With jobs left it is Pump's to give them, in their order.
  Fetcher* const fetcher = queue.ready.size() == 0 ? TakeFetcher(queue) : nullptr;
  if (fetcher != nullptr) return fetcher->OnJob(id, std::move(entry));
  queue.ready.PushBack(std::move(entry), priority);
}

std::optional<Dispatcher::Taken> Dispatcher::Fetch(std::span<const QueueId> queues) {
  for (const QueueId id : queues) {
    Queue& queue = At(id);
    if (queue.paused) continue;
    if (auto entry = queue.ready.Pop()) return Taken{.queue = id, .entry = *std::move(entry)};
  }
  return std::nullopt;
}

void Dispatcher::Wait(Fetcher& fetcher, std::span<const QueueId> queues) {
  TM_ASSERT(!queues.empty());
  fetcher.waits_ = std::make_unique<WaitNode[]>(queues.size());
  for (std::size_t i = 0; i < queues.size(); ++i) {
    fetcher.waits_[i].fetcher = &fetcher;
    At(queues[i]).waiting.PushBack(fetcher.waits_[i]);
  }
}

bool Dispatcher::Pump(QueueId id, std::size_t count) {
  Queue& queue = At(id);
  for (; queue.ready.size() > 0; --count) {
    if (count == 0) return !queue.paused && queue.waiting.front() != nullptr;
    Fetcher* const fetcher = TakeFetcher(queue);
    if (fetcher == nullptr) return false;
    fetcher->OnJob(id, *queue.ready.Pop());
  }
  return false;
}

}  // namespace tidemill::queue
