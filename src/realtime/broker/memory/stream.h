// Stream: the recent publications of one channel and the position they end at.
//
// Knows neither time nor limits across channels: ChannelTable decides when to drop. There may be a million
// of these, so it is small, and an empty one owns no memory. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/broker/broker.h"
#include "realtime/broker/memory/epochs.h"

namespace tidemill::broker::memory {

class Stream {
 public:
  explicit Stream(Epoch epoch) : epoch_(epoch) {}

  StreamPosition top() const { return {.offset = top_offset_, .epoch = std::string(epoch())}; }
  std::uint64_t top_offset() const { return top_offset_; }
  std::string_view epoch() const { return {epoch_.data(), epoch_.size()}; }
  std::size_t size() const { return size_; }

  // The publication at `index`, 0 is the oldest.
  const Publication& at(std::size_t index) const { return *At(index); }
  // Drops the oldest `count`, of which there must be as many.
  void DropOldest(std::size_t count);

  // `publication` has the offset after the top.
  void Append(PublicationPtr publication);

  // Up to `count` publications: After those with a higher offset than `since`, oldest first; Before those
  // with a lower one, newest first.
  std::vector<PublicationPtr> After(std::uint64_t since, std::uint64_t count) const;
  std::vector<PublicationPtr> Before(std::uint64_t since, std::uint64_t count) const;

  // False: not higher than the last version set, and of its epoch ("": of any).
  bool IsNewVersion(std::uint64_t version, std::string_view version_epoch) const;
  void SetVersion(std::uint64_t version, std::string version_epoch);

 private:
  struct Version {
    std::uint64_t number = 0;
    std::string epoch;
  };

  const PublicationPtr& At(std::size_t index) const { return slots_[(head_ + index) & (capacity_ - 1)]; }
  std::uint64_t first_offset() const { return top_offset_ - size_ + 1; }
  void Grow();

  // A ring of `capacity_` slots, a power of two or zero; offsets in it are contiguous and end at the top.
  std::unique_ptr<PublicationPtr[]> slots_;
  std::uint32_t capacity_ = 0;
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
  Epoch epoch_;
  std::uint64_t top_offset_ = 0;
  std::unique_ptr<Version> version_;
};

}  // namespace tidemill::broker::memory
