// The memory of coroutine frames: what one frame gives back, the next of its size takes.
//
// A request makes and ends a frame per function on its way, so the general allocator would be asked and given
// the same few blocks all the time. Each thread keeps up to kKeptMax blocks of each size, at most 270 KiB in
// all; a loop's thread drops its own when it ends. A frame may be freed on any thread. Under a sanitizer
// nothing is kept, so that every use after the end is seen.
#pragma once

#include <cstddef>
#include <new>

namespace tidemill {

class FrameMemory {
 public:
  static void* Allocate(std::size_t bytes) {
    if (Kept* const kept = Find(bytes); kept != nullptr && kept->first != nullptr) {
      Block* const block = kept->first;
      kept->first = block->next;
      --kept->count;
      return block;
    }
    return ::operator new(RoundUp(bytes));
  }

  static void Free(void* frame, std::size_t bytes) {
    if (Kept* const kept = Find(bytes); kept != nullptr && kept->count < kKeptMax) {
      kept->first = ::new (frame) Block{kept->first};
      ++kept->count;
      return;
    }
    ::operator delete(frame);
  }

  // Gives back what this thread keeps.
  static void Drop();

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  static constexpr bool kKeeps = false;
#else
  static constexpr bool kKeeps = true;
#endif
  static constexpr std::size_t kKeptMax = 32;  // of one size
  static constexpr std::size_t kStep = 64;     // bytes; sizes are its multiples
  static constexpr std::size_t kSizes = 16;    // larger frames are never kept

 private:
  struct Block {
    Block* next;
  };
  struct Kept {
    Block* first;
    std::size_t count;
  };

  static std::size_t RoundUp(std::size_t bytes) { return (bytes + kStep - 1) / kStep * kStep; }

  static Kept* Find(std::size_t bytes) {
    const std::size_t index = (bytes - 1) / kStep;
    return kKeeps && index < kSizes ? &kept_[index] : nullptr;
  }

  static thread_local constinit Kept kept_[kSizes];
};

// A coroutine promise that derives from it has its frame there.
struct FrameFromMemory {
  static void* operator new(std::size_t bytes) { return FrameMemory::Allocate(bytes); }
  static void operator delete(void* frame, std::size_t bytes) { FrameMemory::Free(frame, bytes); }
};

// For a container that begins and ends with a request, and is small.
template <class T>
struct FrameAllocator {
  using value_type = T;

  FrameAllocator() = default;
  template <class U>
  FrameAllocator(const FrameAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) { return static_cast<T*>(FrameMemory::Allocate(count * sizeof(T))); }
  void deallocate(T* first, std::size_t count) { FrameMemory::Free(first, count * sizeof(T)); }
  friend bool operator==(FrameAllocator, FrameAllocator) { return true; }
};

}  // namespace tidemill
