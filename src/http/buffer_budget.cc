#include "http/buffer_budget.h"

#include <utility>

namespace tidemill::http {
namespace {

// Shares grow in steps, so that a body that arrives in small pieces does not write to what all loops share
// for each of them.
constexpr std::size_t kStepBytes = 16 * 1024;

std::size_t RoundUp(std::size_t bytes) { return (bytes + kStepBytes - 1) / kStepBytes * kStepBytes; }

}  // namespace

BufferBudget::BufferBudget(std::size_t bytes_max, metrics::Registry& registry)
    : bytes_max_(bytes_max),
      refused_(registry.AddCounter(
          "tidemill_http_buffers_refused_total",
          "Requests and WebSocket messages refused and answers dropped because http_server.buffers_bytes_max "
          "was used up.")) {
  registry.AddCallback(
      "tidemill_http_buffers_bytes",
      "Memory of requests and WebSocket messages that have not arrived whole and of answers not taken.", {},
      [this] { return static_cast<double>(used_bytes()); });
  registry.AddCallback("tidemill_http_buffers_max_bytes", "The most that tidemill_http_buffers_bytes may be.",
                       {}, [this] { return static_cast<double>(bytes_max_); });
}

bool BufferBudget::Take(std::size_t bytes, BufferOwner owner) {
  const auto add = [bytes](std::atomic<std::size_t>& used, std::size_t limit) {
    if (used.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit) return true;
    used.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  };
  if (owner == BufferOwner::kStranger && !add(strangers_bytes_, bytes_max_ / 2)) return false;
  if (add(used_bytes_, bytes_max_)) return true;
  if (owner == BufferOwner::kStranger) strangers_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

void BufferBudget::GiveBack(std::size_t bytes, BufferOwner owner) {
  if (owner == BufferOwner::kStranger) strangers_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

bool BufferShare::Resize(std::size_t bytes, BufferOwner owner) {
  const std::size_t wanted = bytes <= kFreeBytes ? 0 : RoundUp(bytes);
  if (budget_ == nullptr || (wanted == 0 && counted_ == 0)) return true;
  if (owner != owner_) {
    budget_->GiveBack(std::exchange(counted_, 0), owner_);
    owner_ = owner;
  }
  if (wanted > counted_ && !budget_->Take(wanted - counted_, owner)) return false;
  if (wanted < counted_) budget_->GiveBack(counted_ - wanted, owner);
  counted_ = wanted;
  return true;
}

}  // namespace tidemill::http
