#include "sql/json_buffer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/utf8.h"

namespace tidemill::sql {
namespace {

using Word = std::uint64_t;

constexpr std::size_t kFirstBytes = 512;
constexpr Word kOnes = 0x0101010101010101;
constexpr Word kHighs = 0x8080808080808080;

// The high bit of each byte that is zero. Bytes above the first such one may be marked wrongly.
constexpr Word ZeroBytes(Word word) { return (word - kOnes) & ~word & kHighs; }

// The high bit of the first byte that must be looked at: a control, a quote, a backslash, or not ASCII.
constexpr Word MustLook(Word word) {
  const Word controls = (word - kOnes * 0x20) & ~word & kHighs;
  return (word & kHighs) | controls | ZeroBytes(word ^ (kOnes * '"')) | ZeroBytes(word ^ (kOnes * '\\'));
}

constexpr bool MustLook(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x80 || c == '"' || c == '\\';
}

std::string_view EscapeOf(char c) {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return "";
  }
}

}  // namespace

void JsonBuffer::Grow(std::size_t bytes) {
  const std::size_t wanted = std::max({used_ + bytes, bytes_.size() * 2, kFirstBytes});
  bytes_.resize_and_overwrite(wanted, [](char*, std::size_t size) { return size; });
}

std::string JsonBuffer::Take() {
  bytes_.resize(std::exchange(used_, 0));
  return std::exchange(bytes_, {});
}

void JsonBuffer::Quoted(std::string_view bytes) {
  char* const out = Room(bytes.size() + 2);
  out[0] = '"';
  CopyShort(bytes, out + 1);
  out[bytes.size() + 1] = '"';
  used_ += bytes.size() + 2;
}

void JsonBuffer::Text(std::string_view text) {
  const char* in = text.data();
  const char* const end = in + text.size();
  char* out = Room(text.size() + 2);
  *out++ = '"';
  for (;;) {
    while (end - in >= 8) {
      Word word;
      std::memcpy(&word, in, 8);
      std::memcpy(out, &word, 8);
      const Word marks = MustLook(word);
      const auto clean = marks == 0 ? 8 : std::countr_zero(marks) / 8;
      in += clean;
      out += clean;
      if (marks != 0) break;
    }
    while (in < end && !MustLook(*in)) *out++ = *in++;
    used_ = static_cast<std::size_t>(out - bytes_.data());
    if (in == end) break;
    do {
      in = Escape(in, end);
    } while (in < end && static_cast<unsigned char>(*in) >= 0x80);
    out = Room(static_cast<std::size_t>(end - in) + 1);
  }
  Byte('"');
}

// Writes what stands for the byte or the sequence at `at`; gives what follows it.
const char* JsonBuffer::Escape(const char* at, const char* end) {
  const auto byte = static_cast<unsigned char>(*at);
  if (byte < 0x80) {
    const std::string_view escape = EscapeOf(*at);
    Raw(escape.empty() ? "\\u00" : escape);
    if (escape.empty()) {
      constexpr std::string_view kHex = "0123456789abcdef";
      Byte(kHex[byte >> 4]);
      Byte(kHex[byte & 15]);
    }
    return at + 1;
  }
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  const std::size_t length = Utf8SequenceLength(rest);
  if (length == 0) {
    Raw("\uFFFD");
    return at + 1;
  }
  const std::string_view sequence = rest.substr(0, length);
  if (sequence == "\u2028" || sequence == "\u2029") {
    Raw(sequence == "\u2028" ? "\\u2028" : "\\u2029");
  } else {
    Raw(sequence);
  }
  return at + length;
}

}  // namespace tidemill::sql
