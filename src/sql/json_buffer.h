// JsonBuffer: bytes of JSON, appended fast: what JsonWriter gives, without looking at each byte of a text.
//
// One owner at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tidemill::sql {

class JsonBuffer {
 public:
  std::size_t size() const { return used_; }
  // Forgets what was written behind `size`.
  void CutTo(std::size_t size) { used_ = size; }
  char& back() { return bytes_[used_ - 1]; }
  std::string_view view() const { return {bytes_.data(), used_}; }

  void Byte(char c) {
    *Room(1) = c;
    ++used_;
  }
  // As it is.
  void Raw(std::string_view bytes) {
    CopyShort(bytes, Room(bytes.size()));
    used_ += bytes.size();
  }
  // In quotes, as it is: it must need no escapes.
  void Quoted(std::string_view bytes);
  // In quotes, escaped as AppendJsonString (base/json_writer.h) does.
  void Text(std::string_view text);

  // What was written since the last Take.
  std::string Take();

 private:
  // Where `bytes` more may be written.
  char* Room(std::size_t bytes) {
    if (bytes_.size() - used_ < bytes) Grow(bytes);
    return bytes_.data() + used_;
  }
  void Grow(std::size_t bytes);
  const char* Escape(const char* at, const char* end);

  static void CopyShort(std::string_view bytes, char* out) {
    const std::size_t n = bytes.size();
    if (n > 16 || n < 4) {
      for (std::size_t i = 0; n < 4 && i < n; ++i) out[i] = bytes[i];
      if (n > 16) std::memcpy(out, bytes.data(), n);
    } else if (n >= 8) {
      std::uint64_t head;
      std::uint64_t tail;
      std::memcpy(&head, bytes.data(), 8);
      std::memcpy(&tail, bytes.data() + n - 8, 8);
      std::memcpy(out, &head, 8);
      std::memcpy(out + n - 8, &tail, 8);
    } else {
      std::uint32_t head;
      std::uint32_t tail;
      std::memcpy(&head, bytes.data(), 4);
      std::memcpy(&tail, bytes.data() + n - 4, 4);
      std::memcpy(out, &head, 4);
      std::memcpy(out + n - 4, &tail, 4);
    }
  }

  std::string bytes_;  // its size is the room there is
  std::size_t used_ = 0;
};

}  // namespace tidemill::sql
