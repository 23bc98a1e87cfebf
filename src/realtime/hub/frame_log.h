// FrameLog: the frames of one channel in one form, one after the other in memory that all its subscribers
// share.
//
// A publication is encoded once, straight into the log, whoever listens. A session that keeps up owns nothing
// of it: at the end of the turn it is sent the turn's range, in one piece however many frames piled up. When
// that takes more than one turn, the range stays the same until all have been sent it (BeginFlush, EndFlush).
// A session that falls behind holds a LogCursor, which keeps the segments from its place onward alive; when
// nobody is behind, the log gives all memory back to the pool.
//
// Loop thread only.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "realtime/hub/form.h"

namespace tidemill::hub {

class SegmentPool;

// A stretch of a log. Bytes of whole frames never change; while a frame is appended they may move.
struct Segment {
  SegmentPool* pool = nullptr;
  Segment* next = nullptr;  // counted in next->references
  std::uint32_t references = 0;
  std::size_t counted_bytes = 0;  // what the pool counts for it
  std::string bytes;              // its capacity is the segment's
};

// Counted pointer to a segment.
class SegmentRef {
 public:
  SegmentRef() = default;
  explicit SegmentRef(Segment* segment);
  SegmentRef(const SegmentRef& other) : SegmentRef(other.segment_) {}
  SegmentRef(SegmentRef&& other) noexcept : segment_(std::exchange(other.segment_, nullptr)) {}
  SegmentRef& operator=(SegmentRef other) noexcept {
    std::swap(segment_, other.segment_);
    return *this;
  }
  ~SegmentRef();

  Segment* get() const { return segment_; }
  Segment* operator->() const { return segment_; }
  explicit operator bool() const { return segment_ != nullptr; }

 private:
  Segment* segment_ = nullptr;
};

// Recycles segments of one loop, by size. Keeps at most kKeptBytesMax for later.
class SegmentPool {
 public:
  static constexpr std::size_t kSmallestBytes = 2048;
  static constexpr std::size_t kLargestBytes = 256 * 1024;  // larger ones (one huge frame) are not kept
  static constexpr std::size_t kKeptBytesMax = std::size_t{16} << 20;

  SegmentPool() = default;
  SegmentPool(const SegmentPool&) = delete;
  SegmentPool& operator=(const SegmentPool&) = delete;
  ~SegmentPool();

  // A segment with room for at least `bytes`, no references yet.
  Segment* Take(std::size_t bytes);
  // Called when the last reference goes.
  void Give(Segment* segment);
  // Called when a segment holds more than there was room for.
  void CountAgain(Segment& segment);

  std::size_t bytes_in_use() const { return bytes_in_use_; }
  std::size_t bytes_kept() const { return bytes_kept_; }

 private:
  static constexpr std::size_t kClasses = 8;  // 2 KiB … 256 KiB
  std::vector<Segment*> free_[kClasses];
  std::size_t bytes_in_use_ = 0;
  std::size_t bytes_kept_ = 0;
};

// A place in a log: `position` counts the log's bytes since it began.
struct LogCursor {
  SegmentRef segment;
  std::uint64_t position = 0;
  std::uint32_t offset = 0;
};

class FrameLog {
 public:
  explicit FrameLog(SegmentPool& pool) : pool_(&pool) {}

  // Appends one whole frame, contiguous in memory: what `write(std::string& out)` appends to `out`. With more
  // than `bytes_max` of it the segment's memory may have to grow.
  template <class Write>
  void Append(std::size_t bytes_max, Write write) {
    std::string& out = Room(bytes_max);
    const std::size_t before = out.size();
    write(out);
    Count(out.size() - before);
  }

  // Where the next frame will stand, and where the first stands that was not yet sent to all.
  std::uint64_t end() const { return end_; }
  std::uint64_t begin() const { return begin_.position; }
  // How many there are between the two.
  std::uint32_t frames() const { return frames_; }

  // A cursor at `position`, which lies between begin and end, on a frame's first byte.
  LogCursor CursorAt(std::uint64_t position) const;

  // What is there now is about to be sent to all.
  void BeginFlush();
  // Where the range that is sent ends; it begins at begin().
  std::uint64_t flush_end() const { return flush_end_; }
  // That range counts as sent to everybody without a cursor.
  void EndFlush();
  // Gives memory back that only a session needed that has now caught up or gone.
  void Trim();

 private:
  static constexpr std::uint64_t kFirstBytesMax = 64 * 1024;
  static constexpr std::uint64_t kSpareBytes = 512;  // how much less than its `bytes_max` a frame usually is

  std::string& Room(std::size_t bytes_max);
  void Count(std::size_t bytes);

  // There may be a million logs of idle channels: small members stand where the ones before them end.
  SegmentPool* pool_;
  SegmentRef tail_;
  [[no_unique_address]] LogCursor begin_;
  std::uint32_t last_flush_bytes_ = 0;  // at most kFirstBytesMax
  std::uint64_t end_ = 0;
  std::uint64_t flush_end_ = 0;
  std::uint32_t frames_ = 0;
  std::uint32_t flush_frames_ = 0;
};

// Fills `ranges` with what lies from `cursor` to `end`; gives how many ranges (fewer may hold less than all).
std::size_t Ranges(const LogCursor& cursor, std::uint64_t end, iovec* ranges, std::size_t ranges_max);

// Moves `cursor` forward by `bytes`.
void Advance(LogCursor& cursor, std::uint64_t bytes);

// `cursor` may stand inside a frame, `frame_start` is at or before it on a frame's first byte. Gives the
// bytes from the cursor to that frame's end: what must still be sent before anything else.
std::string_view RestOfFrame(Framing framing, const LogCursor& frame_start, const LogCursor& cursor);

}  // namespace tidemill::hub
