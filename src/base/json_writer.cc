#include "base/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/utf8.h"

namespace tidemill {
namespace {

// What must be looked at: quote, backslash, controls, and everything that is not ASCII.
constexpr std::array<bool, 256> kNeedsLook = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) table[i] = i < 0x20 || i >= 0x80 || i == '"' || i == '\\';
  return table;
}();

void AppendEscapedByte(char c, std::string& out) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

template <class T>
void AppendNumber(T value, std::string& out) {
  char digits[32];
  const auto [stop, error] = std::to_chars(digits, digits + sizeof(digits), value);
  out.append(digits, stop);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (!kNeedsLook[static_cast<unsigned char>(text[i])]) {
      ++i;
      continue;
    }
    const std::size_t length = Utf8SequenceLength(text.substr(i));
    const std::string_view sequence = text.substr(i, length);
    if (length > 1 && sequence != "\u2028" && sequence != "\u2029") {
      i += length;
      continue;
    }
    out.append(text, written, i - written);
    if (length == 1) {
      AppendEscapedByte(text[i], out);
    } else if (length == 0) {
      out += "\uFFFD";
    } else {
      out += sequence == "\u2028" ? "\\u2028" : "\\u2029";
    }
    i += length == 0 ? 1 : length;
    written = i;
  }
  out.append(text, written, text.size() - written);
  out += '"';
}

void AppendUnsigned(std::uint64_t value, std::string& out) { AppendNumber(value, out); }
void AppendSigned(std::int64_t value, std::string& out) { AppendNumber(value, out); }

// A comma is due unless a bracket, a comma or a colon is the last thing written: no value ends with those.
void JsonWriter::Separate() {
  if (out_.size() == start_) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ',' && last != ':') out_ += ',';
}

void JsonWriter::Open(char bracket) {
  Separate();
  out_ += bracket;
}

void JsonWriter::Key(JsonName name) {
  Separate();
  out_ += '"';
  out_ += name.text;
  out_ += "\":";
}

void JsonWriter::DynamicKey(std::string_view key) {
  Separate();
  AppendJsonString(key, out_);
  out_ += ':';
}

void JsonWriter::String(std::string_view text) {
  Separate();
  AppendJsonString(text, out_);
}

void JsonWriter::Bool(bool value) {
  Separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::Null() {
  Separate();
  out_ += "null";
}

void JsonWriter::Double(double value) {
  if (!std::isfinite(value)) return Null();
  Separate();
  AppendNumber(value, out_);
}

void JsonWriter::Raw(std::string_view json) {
  if (json.empty()) return Null();
  Separate();
  out_ += json;
}

void JsonWriter::RawOnOneLine(std::string_view json) {
  Raw(json);
  if (!json.contains('\n') && !json.contains('\r')) return;
  for (std::size_t i = out_.size() - json.size(); i < out_.size(); ++i) {
    if (out_[i] == '\n' || out_[i] == '\r') out_[i] = ' ';
  }
}

}  // namespace tidemill
