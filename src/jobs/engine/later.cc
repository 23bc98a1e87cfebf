#include "jobs/engine/later.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace tidemill::jobs {

void Later::Add(LaterItem item, WallTime now) {
  const bool is_near = item.run_at < horizon_.run_at ||
                       (item.run_at == horizon_.run_at && item.id <= horizon_.id) || is_complete();
  if (!is_near && !is_loading_ && !item.in_memory) return;
  item.stored_at = item.run_at;
  Insert(std::move(item), now);
  if (!is_loading_ && items_.size() > 2 * count_max_) Trim();
}

void Later::Return(LaterItem item, WallTime at) {
  item.run_at = at;
  Insert(std::move(item), at);
}

void Later::Insert(LaterItem item, WallTime now) {
  const bool keeps_text =
      item.in_memory || (item.run_at <= now + kSoon && text_bytes_ + item.text.size() <= text_bytes_max_);
  if (!keeps_text) std::string().swap(item.text);
  const Order order{.run_at = item.run_at.ms, .id = item.id.value()};
  const auto [at, is_new] = items_.try_emplace(order.id, std::move(item));
  if (!is_new) return;
  BytesOf(at->second) += at->second.text.size();
  heap_.push_back(order);
  std::ranges::push_heap(heap_, std::greater<>());
}

bool Later::Remove(JobId id) {
  const auto found = items_.find(id.value());
  if (found == items_.end()) return false;
  BytesOf(found->second) -= found->second.text.size();
  items_.erase(found);
  if (heap_.size() > 1000 && heap_.size() > 2 * items_.size()) Rebuild();
  return true;
}

const LaterItem* Later::Find(JobId id) const {
  const auto found = items_.find(id.value());
  return found == items_.end() ? nullptr : &found->second;
}

bool Later::SetText(JobId id, std::string text) {
  const auto found = items_.find(id.value());
  if (found == items_.end() || !found->second.text.empty()) return false;
  if (text_bytes_ + text.size() > text_bytes_max_) return false;
  text_bytes_ += text.size();
  found->second.text = std::move(text);
  return true;
}

bool Later::IsCurrent(const Order& order) const {
  const auto found = items_.find(order.id);
  return found != items_.end() && found->second.run_at.ms == order.run_at;
}

void Later::DropStale() {
  while (!heap_.empty() && !IsCurrent(heap_.front())) {
    std::ranges::pop_heap(heap_, std::greater<>());
    heap_.pop_back();
  }
}

std::optional<WallTime> Later::NextAt() {
  DropStale();
  if (heap_.empty()) return std::nullopt;
  return WallTime{heap_.front().run_at};
}

std::optional<LaterItem> Later::TakeDue(WallTime now) {
  DropStale();
  if (heap_.empty() || now.ms < heap_.front().run_at) return std::nullopt;
  const auto found = items_.find(heap_.front().id);
  LaterItem item = std::move(found->second);
  items_.erase(found);
  BytesOf(item) -= item.text.size();
  std::ranges::pop_heap(heap_, std::greater<>());
  heap_.pop_back();
  return item;
}

std::vector<JobId> Later::WithoutText(WallTime until, std::size_t count) const {
  std::vector<JobId> ids;
  // A heap's children are behind their parent: only what is due is walked.
  std::vector<std::size_t> open;
  if (!heap_.empty()) open.push_back(0);
  while (!open.empty() && ids.size() < count) {
    const std::size_t at = open.back();
    open.pop_back();
    if (heap_[at].run_at > until.ms) continue;
    const auto found = items_.find(heap_[at].id);
    if (found != items_.end() && found->second.text.empty()) ids.emplace_back(heap_[at].id);
    for (const std::size_t child : {2 * at + 1, 2 * at + 2}) {
      if (child < heap_.size()) open.push_back(child);
    }
  }
  return ids;
}

void Later::EndPage(std::vector<LaterItem> items, std::optional<Store::LaterPosition> horizon, WallTime now) {
  is_loading_ = false;
  horizon_ = horizon.value_or(Store::LaterPosition{.run_at = kEndOfTime, .id = {}});
  for (LaterItem& item : items) {
    item.stored_at = item.run_at;
    Insert(std::move(item), now);
  }
  if (items_.size() > 2 * count_max_) Trim();
}

void Later::Restart() {
  Clear();
  horizon_ = {.run_at = WallTime{std::numeric_limits<std::int64_t>::min()}, .id = {}};
}

// By their places in the store: pages bring those that are behind the horizon there.
void Later::Trim() {
  std::vector<Order> orders;
  orders.reserve(items_.size());
  for (const auto& [id, item] : items_) {
    if (!item.in_memory) orders.push_back({.run_at = item.stored_at.ms, .id = id});
  }
  if (orders.size() <= count_max_) return;
  const auto last = orders.begin() + static_cast<std::ptrdiff_t>(count_max_) - 1;
  std::ranges::nth_element(orders, last);
  horizon_ = {.run_at = WallTime{last->run_at}, .id = JobId(last->id)};
  for (auto at = last + 1; at != orders.end(); ++at) {
    const auto found = items_.find(at->id);
    text_bytes_ -= found->second.text.size();
    items_.erase(found);
  }
  Rebuild();
}

void Later::Rebuild() {
  heap_.clear();
  for (const auto& [id, item] : items_) heap_.push_back({.run_at = item.run_at.ms, .id = id});
  std::ranges::make_heap(heap_, std::greater<>());
}

void Later::ShiftRetries(Duration by) {
  for (auto& [id, item] : items_) {
    if (item.wait == Wait::kRetry) item.run_at = item.run_at + by;
  }
  Rebuild();
}

std::shared_ptr<void> Later::Clear() {
  auto items = std::make_shared<decltype(items_)>();
  items->swap(items_);
  heap_ = {};
  text_bytes_ = memory_bytes_ = 0;
  is_loading_ = false;
  horizon_ = {.run_at = kEndOfTime, .id = {}};
  return items;
}

}  // namespace tidemill::jobs
