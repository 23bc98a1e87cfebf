#include "jobs/queue/ready.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/assert.h"

namespace tidemill::queue {
namespace {

std::uint32_t Bit(int priority) { return std::uint32_t{1} << priority; }
int Highest(std::uint32_t occupied) { return static_cast<int>(std::bit_width(occupied)) - 1; }

}  // namespace

Ready::Line& Ready::LineOf(int priority) {
  TM_ASSERT(priority >= 1 && priority <= kPriorityMax);
  auto& line = lines_[static_cast<std::size_t>(priority)];
  if (line == nullptr) line = std::make_unique<Line>();
  occupied_ |= Bit(priority);
  return *line;
}

void Ready::Admit(Entry& entry) {
  const bool is_kept = IsInMemory(entry.id) || text_bytes_ + entry.text.size() <= text_bytes_max_;
  // Only a swap gives the memory back: the assignment of a short string keeps it.
  if (!is_kept) std::string().swap(entry.text);
  text_bytes_ += entry.text.size();
  ++size_;
  if (entry.text.empty()) ++without_text_;
}

void Ready::Leave(const Entry& entry) {
  text_bytes_ -= entry.text.size();
  --size_;
  if (entry.text.empty()) --without_text_;
}

void Ready::Emptied(int priority) {
  if (lines_[static_cast<std::size_t>(priority)]->entries.empty()) occupied_ &= ~Bit(priority);
}

void Ready::PushBack(Entry entry, int priority) {
  Admit(entry);
  LineOf(priority).entries.push_back(std::move(entry));
}

void Ready::PushFront(Entry entry, int priority) {
  Admit(entry);
  Line& line = LineOf(priority);
  line.entries.push_front(std::move(entry));
  --line.first;
}

std::optional<Entry> Ready::Pop() {
  if (occupied_ == 0) return std::nullopt;
  const int priority = Highest(occupied_);
  Line& line = *lines_[static_cast<std::size_t>(priority)];
  std::optional<Entry> entry(std::move(line.entries.front()));
  line.entries.pop_front();
  ++line.first;
  Leave(*entry);
  Emptied(priority);
  return entry;
}

const Entry* Ready::Front() const {
  if (occupied_ == 0) return nullptr;
  return &lines_[static_cast<std::size_t>(Highest(occupied_))]->entries.front();
}

const Entry* Ready::Find(JobId id) const {
  for (const auto& line : lines_) {
    if (line == nullptr) continue;
    const auto found = std::ranges::find(line->entries, id, &Entry::id);
    if (found != line->entries.end()) return &*found;
  }
  return nullptr;
}

std::vector<Entry> Ready::Some(Walk& walk, std::size_t count) const {
  std::vector<Entry> some;
  while (some.size() < count) {
    if (walk.next == walk.end) {
      if (walk.priority == kPriorityMax) break;
      const auto& line = lines_[static_cast<std::size_t>(++walk.priority)];
      if (line == nullptr) continue;
      walk.next = line->first;
      walk.end = line->first + static_cast<std::int64_t>(line->entries.size());
      continue;
    }
    const Line& line = *lines_[static_cast<std::size_t>(walk.priority)];
    walk.next = std::clamp(line.first, walk.next, walk.end);
    const std::int64_t index = walk.next - line.first;
    if (index >= static_cast<std::int64_t>(line.entries.size())) {
      walk.next = walk.end;
    } else if (walk.next < walk.end) {
      some.push_back(line.entries[static_cast<std::size_t>(index)]);
      ++walk.next;
    }
  }
  return some;
}

std::vector<Ready::Want> Ready::Wanted(std::size_t count) const {
  std::vector<Want> wanted;
  if (without_text_ == 0) return wanted;
  for (std::uint32_t rest = occupied_; rest != 0 && count > 0;) {
    const int priority = Highest(rest);
    rest &= ~Bit(priority);
    const Line& line = *lines_[static_cast<std::size_t>(priority)];
    for (std::size_t i = 0; i < line.entries.size() && count > 0; ++i, --count) {
      const Entry& entry = line.entries[i];
      if (!entry.text.empty()) continue;
      wanted.push_back(
          {.id = entry.id, .priority = priority, .position = line.first + static_cast<std::int64_t>(i)});
    }
  }
  return wanted;
}

bool Ready::Fill(const Want& want, std::string text) {
  const auto& line = lines_[static_cast<std::size_t>(want.priority)];
  if (line == nullptr || text.empty() || text_bytes_ + text.size() > text_bytes_max_) return false;
  const std::int64_t index = want.position - line->first;
  if (index < 0 || index >= static_cast<std::int64_t>(line->entries.size())) return false;
  Entry& entry = line->entries[static_cast<std::size_t>(index)];
  if (entry.id != want.id || !entry.text.empty()) return false;
  text_bytes_ += text.size();
  --without_text_;
  entry.text = std::move(text);
  return true;
}

std::shared_ptr<void> Ready::Clear() {
  auto lines = std::make_shared<decltype(lines_)>(std::exchange(lines_, {}));
  size_ = text_bytes_ = without_text_ = 0;
  occupied_ = 0;
  return lines;
}

std::size_t Ready::Drop(std::size_t count) {
  std::size_t dropped = 0;
  while (dropped < count && occupied_ != 0) {
    const int priority = std::countr_zero(occupied_);
    std::deque<Entry>& entries = lines_[static_cast<std::size_t>(priority)]->entries;
    for (; dropped < count && !entries.empty(); ++dropped) {
      Leave(entries.back());
      entries.pop_back();
    }
    Emptied(priority);
  }
  return dropped;
}

}  // namespace tidemill::queue
