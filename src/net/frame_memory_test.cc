#include "net/frame_memory.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tidemill {
namespace {

TEST(FrameMemory, TheNextFrameOfASizeTakesWhatTheLastGaveBack) {
  if (!FrameMemory::kKeeps) return;
  void* const first = FrameMemory::Allocate(100);
  void* const second = FrameMemory::Allocate(100);
  FrameMemory::Free(first, 100);
  FrameMemory::Free(second, 100);
  EXPECT_EQ(FrameMemory::Allocate(65), second) << "of the same 64 bytes";
  EXPECT_EQ(FrameMemory::Allocate(128), first);
  FrameMemory::Free(first, 128);
  FrameMemory::Free(second, 65);
  FrameMemory::Drop();
}

TEST(FrameMemory, AFrameIsNoSmallerThanAsked) {
  for (std::size_t bytes = 1; bytes <= 1100; ++bytes) {
    char* const frame = static_cast<char*>(FrameMemory::Allocate(bytes));
    std::fill_n(frame, bytes, 'x');
    FrameMemory::Free(frame, bytes);
    char* const largest = static_cast<char*>(FrameMemory::Allocate((bytes + 63) / 64 * 64));
    std::fill_n(largest, (bytes + 63) / 64 * 64, 'y');
    FrameMemory::Free(largest, (bytes + 63) / 64 * 64);
  }
  FrameMemory::Drop();
}

}  // namespace
}  // namespace tidemill
