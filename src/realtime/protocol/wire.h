// The wire format of Protobuf: fields out of bytes, and into them.
//
// Written by hand because it is small, and because input decides what it does: it throws nothing, and refuses
// what protozero passes (lengths and tags over 32 bits are cut there; a bool at the very end is read beyond
// it). The tests and the fuzz target use protozero as the other opinion.
// https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tidemill::protocol {

// What went wrong first, shared by the readers of a message and of those nested in it.
struct WireStatus {
  const char* what = nullptr;  // nullptr: nothing
  const char* at = nullptr;    // the byte reached in the input

  bool ok() const { return what == nullptr; }
};

// The varint at the start of `bytes`, which it is taken off. At most ten bytes and 64 bits.
std::uint64_t TakeVarint(std::string_view& bytes, WireStatus& status);

// Takes a length and that many bytes off `bytes`.
std::string_view TakeDelimited(std::string_view& bytes, WireStatus& status);

// Walks the fields of one message. A value not asked for is skipped, a group as well; one of another wire
// type than asked for is an error. After an error Next is false and every value empty. Views are into the
// message.
class WireReader {
 public:
  WireReader(std::string_view message, WireStatus& status) : rest_(message), status_(status) {}

  bool Next();  // false after the last field, or an error
  std::uint32_t field() const { return field_; }

  std::string_view Bytes();
  std::string Text();  // must be UTF-8
  bool Bool() { return Varint() != 0; }
  template <std::integral T>
  T Integer();

  void Fail(const char* what);
  WireStatus& status() { return status_; }

 private:
  enum class Type : std::uint8_t {
    kVarint = 0,
    kFixed64 = 1,
    kBytes = 2,
    kGroup = 3,
    kGroupEnd = 4,
    kFixed32 = 5
  };

  std::uint64_t Varint();
  bool ReadTag();
  void ReadValue();
  void SkipGroup();
  void Skip(std::size_t size);

  std::string_view rest_;
  WireStatus& status_;
  std::uint32_t field_ = 0;
  Type type_ = Type::kVarint;
  std::uint64_t varint_ = 0;
  std::string_view bytes_;
};

// Negative integers are sent as 64 bits, whatever their type.
template <std::integral T>
T WireReader::Integer() {
  const std::uint64_t varint = Varint();
  if constexpr (std::signed_integral<T>) {
    if (std::in_range<T>(static_cast<std::int64_t>(varint))) return static_cast<T>(varint);
  } else {
    if (std::in_range<T>(varint)) return static_cast<T>(varint);
  }
  Fail("number out of range");
  return 0;
}

// How sint64 is sent, so that small negative numbers are short.
constexpr std::uint64_t ZigZag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t FromZigZag(std::uint64_t sent) {
  return static_cast<std::int64_t>(sent >> 1) ^ -static_cast<std::int64_t>(sent & 1);
}

void AppendVarint(std::uint64_t value, std::string& out);
constexpr std::size_t VarintBytes(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}
// Writes VarintBytes to `at`.
void WriteVarint(std::uint64_t value, char* at);

// Appends what `fill` appends, behind its length. Without a guess of the length, or after a wrong one, it is
// moved when it has 128 bytes or more.
template <class Fill>
void AppendDelimited(std::string& out, Fill fill, std::uint64_t bytes_guess = 0) {
  const std::size_t length_at = out.size();
  const std::size_t room = VarintBytes(bytes_guess);
  out.append(room, '\0');
  fill();
  const std::uint64_t length = out.size() - length_at - room;
  const std::size_t needed = VarintBytes(length);
  if (needed != room) out.replace(length_at, room, needed, '\0');
  WriteVarint(length, out.data() + length_at);
}

// Appends fields to `out`; zeros and empty texts are left out, as proto3 does.
class WireWriter {
 public:
  explicit WireWriter(std::string& out) : out_(out) {}

  void Varint(std::uint32_t field, std::uint64_t value);
  void Bytes(std::uint32_t field, std::string_view bytes);
  // Fields that are encoded already.
  void Encoded(std::string_view fields) { out_ += fields; }
  // A message is written even when it is empty. `bytes_guess` as in AppendDelimited.
  template <class Fill>
  void Message(std::uint32_t field, Fill fill, std::uint64_t bytes_guess = 0) {
    AppendVarint(field << 3 | 2, out_);
    AppendDelimited(out_, [&] { fill(*this); }, bytes_guess);
  }

 private:
  std::string& out_;
};

}  // namespace tidemill::protocol
