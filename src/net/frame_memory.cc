#include "net/frame_memory.h"

#include <utility>

namespace tidemill {

thread_local constinit FrameMemory::Kept FrameMemory::kept_[kSizes] = {};

void FrameMemory::Drop() {
  for (Kept& kept : kept_) {
    while (kept.first != nullptr) {
      Block* const block = std::exchange(kept.first, kept.first->next);
      ::operator delete(block);
    }
    kept.count = 0;
  }
}

}  // namespace tidemill
