#include "realtime/broker/memory/stream.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tidemill::broker::memory {
void Stream::DropOldest(std::size_t count) {
  TM_ASSERT(count <= size_);
  for (; count > 0; --count) {
    slots_[head_].reset();
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
  }
  if (size_ == 0) {
    slots_.reset();
    capacity_ = 0;
    head_ = 0;
  }
}

void Stream::Append(PublicationPtr publication) {
  TM_ASSERT(publication->offset == top_offset_ + 1);
  if (size_ == capacity_) Grow();
  slots_[(head_ + size_) & (capacity_ - 1)] = std::move(publication);
  ++size_;
  ++top_offset_;
}

void Stream::Grow() {
  const std::uint32_t capacity = std::max<std::uint32_t>(1, capacity_ * 2);
  auto slots = std::make_unique<PublicationPtr[]>(capacity);
  for (std::uint32_t i = 0; i < size_; ++i) slots[i] = std::move(slots_[(head_ + i) & (capacity_ - 1)]);
  slots_ = std::move(slots);
  capacity_ = capacity;
  head_ = 0;
}

std::vector<PublicationPtr> Stream::After(std::uint64_t since, std::uint64_t count) const {
  std::vector<PublicationPtr> found;
  if (size_ == 0 || since >= top_offset_) return found;
  const std::uint64_t begin = since < first_offset() ? 0 : since + 1 - first_offset();
  const std::uint64_t end = begin + std::min(count, size_ - begin);
  found.reserve(end - begin);
  for (std::uint64_t i = begin; i < end; ++i) found.push_back(At(i));
  return found;
}

std::vector<PublicationPtr> Stream::Before(std::uint64_t since, std::uint64_t count) const {
  std::vector<PublicationPtr> found;
  if (size_ == 0 || since <= first_offset()) return found;
  const std::uint64_t available = std::min<std::uint64_t>(since - first_offset(), size_);
  const std::uint64_t taken = std::min(count, available);
  found.reserve(taken);
  for (std::uint64_t i = 1; i <= taken; ++i) found.push_back(At(available - i));
  return found;
}

bool Stream::IsNewVersion(std::uint64_t version, std::string_view version_epoch) const {
  if (!version_) return true;
  const bool comparable = version_epoch.empty() || version_epoch == version_->epoch;
  return !comparable || version > version_->number;
}

void Stream::SetVersion(std::uint64_t version, std::string version_epoch) {
  if (!version_) version_ = std::make_unique<Version>();
  *version_ = {.number = version, .epoch = std::move(version_epoch)};
}

}  // namespace tidemill::broker::memory
