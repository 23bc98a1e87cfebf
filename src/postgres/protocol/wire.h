// Numbers and strings as PostgreSQL's protocol writes them: big endian, strings ended by a NUL. Any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::postgres {

inline std::uint16_t GetUint16(const char* at) {
  std::uint16_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap16(value);
}
inline std::uint32_t GetUint32(const char* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}
inline std::uint64_t GetUint64(const char* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap64(value);
}

inline void AppendUint16(std::string& out, std::uint16_t value) {
  value = __builtin_bswap16(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
inline void AppendUint32(std::string& out, std::uint32_t value) {
  value = __builtin_bswap32(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
inline void AppendUint64(std::string& out, std::uint64_t value) {
  value = __builtin_bswap64(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
inline void AppendString(std::string& out, std::string_view text) {
  out.append(text);
  out.push_back('\0');
}

// Reads a message's body from its beginning. What it gives is a view into the body. After a read past the end
// everything it gives is 0 or empty, and Finish is an error.
class BodyReader {
 public:
  explicit BodyReader(std::string_view body) : rest_(body) {}

  std::uint8_t Uint8() {
    const std::string_view bytes = Bytes(1);
    return bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes[0]);
  }
  std::uint16_t Uint16() {
    const std::string_view bytes = Bytes(2);
    return bytes.empty() ? std::uint16_t{0} : GetUint16(bytes.data());
  }
  std::uint32_t Uint32() {
    const std::string_view bytes = Bytes(4);
    return bytes.empty() ? 0 : GetUint32(bytes.data());
  }
  std::int32_t Int32() { return static_cast<std::int32_t>(Uint32()); }
  std::uint64_t Uint64() {
    const std::string_view bytes = Bytes(8);
    return bytes.empty() ? 0 : GetUint64(bytes.data());
  }
  std::string_view String() {
    const std::size_t end = rest_.find('\0');
    if (end == rest_.npos) return Break();
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }
  std::string_view Bytes(std::size_t count) {
    if (count > rest_.size()) return Break();
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  std::size_t left() const { return rest_.size(); }
  bool broken() const { return broken_; }
  // kInvalidArgument: the body was too short, or has more than was read.
  Result<void> Finish(std::string_view what) const {
    if (!broken_ && rest_.empty()) return {};
    return Fail(Errc::kInvalidArgument, std::string(what) + (broken_ ? " is too short" : " is too long"));
  }

 private:
  std::string_view Break() {
    broken_ = true;
    return rest_ = {};
  }

  std::string_view rest_;
  bool broken_ = false;
};

}  // namespace tidemill::postgres
