#include "realtime/protocol/wire.h"

#include <array>

#include "base/utf8.h"

namespace tidemill::protocol {
namespace {

constexpr std::uint64_t kFieldMax = (1u << 29) - 1;
constexpr std::size_t kGroupsMax = 100;  // one in another

void FailAt(WireStatus& status, std::string_view bytes, const char* what) {
  if (status.ok()) status = {what, bytes.data()};
}

}  // namespace

std::uint64_t TakeVarint(std::string_view& bytes, WireStatus& status) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    if (i == 9 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  FailAt(status, bytes, bytes.size() < 10 ? "varint without end" : "varint over 64 bits");
  return 0;
}

std::string_view TakeDelimited(std::string_view& bytes, WireStatus& status) {
  const std::uint64_t length = TakeVarint(bytes, status);
  if (length > bytes.size()) FailAt(status, bytes, "length over the rest");
  if (!status.ok()) return {};
  const std::string_view taken = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return taken;
}

void WireReader::Fail(const char* what) { FailAt(status_, rest_, what); }

bool WireReader::Next() {
  if (!status_.ok() || rest_.empty() || !ReadTag()) return false;
  if (type_ == Type::kGroupEnd) {
    Fail("the end of a group that did not begin");
  } else if (type_ == Type::kGroup) {
    SkipGroup();
  } else {
    ReadValue();
  }
  return status_.ok();
}

bool WireReader::ReadTag() {
  const std::uint64_t tag = TakeVarint(rest_, status_);
  if (!status_.ok()) return false;
  const std::uint64_t field = tag >> 3;
  if (field == 0 || field > kFieldMax) Fail("field number out of range");
  field_ = static_cast<std::uint32_t>(field);
  type_ = static_cast<Type>(tag & 7);
  return status_.ok();
}

void WireReader::ReadValue() {
  switch (type_) {
    case Type::kVarint: varint_ = TakeVarint(rest_, status_); break;
    case Type::kBytes: bytes_ = TakeDelimited(rest_, status_); break;
    case Type::kFixed64: Skip(8); break;
    case Type::kFixed32: Skip(4); break;
    default: Fail("unknown wire type");
  }
}

// No field of ours is a group. The fields of those that have begun and not ended are kept to see that they
// end in turn.
void WireReader::SkipGroup() {
  std::array<std::uint32_t, kGroupsMax> open;
  open[0] = field_;
  for (std::size_t depth = 1; depth > 0;) {
    if (rest_.empty()) Fail("a group without end");
    if (!status_.ok() || !ReadTag()) return;
    if (type_ == Type::kGroup) {
      if (depth == kGroupsMax) return Fail("groups in groups without end");
      open[depth++] = field_;
    } else if (type_ == Type::kGroupEnd) {
      if (open[--depth] != field_) return Fail("the end of another group");
    } else {
      ReadValue();
    }
  }
  type_ = Type::kGroup;
}

// No field of ours is of a fixed size, so the value itself is not kept.
void WireReader::Skip(std::size_t size) {
  if (rest_.size() < size) return Fail("number without end");
  rest_.remove_prefix(size);
}

std::uint64_t WireReader::Varint() {
  if (type_ == Type::kVarint) return varint_;
  Fail("wrong wire type");
  return 0;
}

std::string_view WireReader::Bytes() {
  if (type_ == Type::kBytes) return bytes_;
  Fail("wrong wire type");
  return {};
}

std::string WireReader::Text() {
  const std::string_view bytes = Bytes();
  if (IsUtf8(bytes)) return std::string(bytes);
  Fail("invalid UTF-8");
  return {};
}

void AppendVarint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void WriteVarint(std::uint64_t value, char* at) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at = static_cast<char>(value);
}

void WireWriter::Varint(std::uint32_t field, std::uint64_t value) {
  if (value == 0) return;
  AppendVarint(field << 3, out_);
  AppendVarint(value, out_);
}

void WireWriter::Bytes(std::uint32_t field, std::string_view bytes) {
  if (bytes.empty()) return;
  AppendVarint(field << 3 | 2, out_);
  AppendVarint(bytes.size(), out_);
  out_ += bytes;
}

}  // namespace tidemill::protocol
