#include "base/json_reader.h"

#include <bit>
#include <cstring>

#include "base/ascii.h"
#include "base/assert.h"
#include "base/utf8.h"

// The scanner is written by hand because it is on the way of every message of every client, and the packaged
// RapidJSON can push events but not be pulled; the fuzz target compares the two.
namespace tidemill {
namespace {

// The first byte of [at, end) that needs a look inside a string: quote, backslash, control or not ASCII.
const char* PlainRunEnd(const char* at, const char* end) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  // High bit of each byte that is zero in x; bytes above the lowest such one may be marked in error.
  const auto zeros = [](std::uint64_t x) { return (x - kOnes) & ~x & kHighs; };
  for (; end - at >= 8; at += 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, at, 8);
    const std::uint64_t control = (block - kOnes * 0x20) & ~block;
    const std::uint64_t marks =
        (control | block | zeros(block ^ kOnes * '"') | zeros(block ^ kOnes * '\\')) & kHighs;
    if (marks != 0) return at + std::countr_zero(marks) / 8;
  }
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
  }
  return at;
}

// The four hex digits of a \u escape, checked by the scan.
unsigned Hex4(const char* digits) {
  unsigned value = 0;
  std::from_chars(digits, digits + 4, value, 16);
  return value;
}

}  // namespace

void JsonReader::Fail(std::string_view what) {
  if (failed_) return;
  failed_ = true;
  error_ = "byte " + std::to_string(at_ - begin_) + ": " + std::string(what);
}

Result<> JsonReader::Finish() {
  if (value_pending_) Skip();
  while (!failed_ && depth_ > 0) {
    if (InObject()) {
      NextKey();
    } else {
      NextElement();
    }
  }
  SkipBlanks();
  if (at_ != end_) Fail("text after the value");
  if (failed_) return tidemill::Fail(Errc::kInvalidArgument, error_);
  return {};
}

void JsonReader::SkipBlanks() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

JsonReader::Kind JsonReader::Peek() {
  if (failed_ || !value_pending_) return Kind::kNone;
  SkipBlanks();
  if (at_ == end_) return Kind::kNone;
  switch (*at_) {
    case '{': return Kind::kObject;
    case '[': return Kind::kArray;
    case '"': return Kind::kString;
    case 't':
    case 'f': return Kind::kBool;
    case 'n': return Kind::kNull;
    default: return *at_ == '-' || IsDigit(*at_) ? Kind::kNumber : Kind::kNone;
  }
}

// Takes on the value that comes next if it is of `kind`.
bool JsonReader::BeginValue(Kind kind, std::string_view otherwise) {
  if (failed_) return false;
  if (Peek() != kind) {
    Fail(otherwise);
    return false;
  }
  value_pending_ = false;
  return true;
}

void JsonReader::EnterObject() {
  if (BeginValue(Kind::kObject, "expected an object")) Enter(true);
}

void JsonReader::EnterArray() {
  if (BeginValue(Kind::kArray, "expected an array")) Enter(false);
}

void JsonReader::Enter(bool object) {
  if (depth_ == kDepthMax) return Fail("more than 64 levels");
  ++at_;
  const std::uint64_t bit = std::uint64_t{1} << depth_;
  objects_ = object ? objects_ | bit : objects_ & ~bit;
  ++depth_;
  first_ = true;
}

// Moves to where the next key or element starts; leaves the container at its end.
bool JsonReader::NextInContainer(char close) {
  if (value_pending_) Skip();
  if (failed_) return false;
  SkipBlanks();
  if (at_ != end_ && *at_ == close) {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (at_ == end_ || *at_ != ',') {
      Fail(close == '}' ? "expected , or }" : "expected , or ]");
      return false;
    }
    ++at_;
    SkipBlanks();
  }
  first_ = false;
  return true;
}

std::optional<JsonReader::Text> JsonReader::NextRawKey() {
  if (!NextInContainer('}')) return std::nullopt;
  if (at_ == end_ || *at_ != '"') {
    Fail("expected a key");
    return std::nullopt;
  }
  const Text key = ScanString();
  SkipBlanks();
  if (!failed_ && (at_ == end_ || *at_ != ':')) Fail("expected :");
  if (failed_) return std::nullopt;
  ++at_;
  value_pending_ = true;
  return key;
}

std::optional<std::string_view> JsonReader::NextKey() {
  TM_ASSERT(failed_ || (depth_ > 0 && InObject()));
  const std::optional<Text> key = NextRawKey();
  if (!key) return std::nullopt;
  if (!key->escaped) return key->raw;
  key_.clear();
  Unescape(*key, key_);
  if (failed_) return std::nullopt;
  return key_;
}

bool JsonReader::NextElement() {
  TM_ASSERT(failed_ || (depth_ > 0 && !InObject()));
  if (!NextInContainer(']')) return false;
  value_pending_ = true;
  return true;
}

std::string JsonReader::ReadString() {
  std::string value;
  if (!BeginValue(Kind::kString, "expected a string")) return value;
  const Text text = ScanString();
  if (failed_) return value;
  if (!text.escaped) {
    value.assign(text.raw);
    return value;
  }
  value.reserve(text.raw.size());
  Unescape(text, value);
  if (failed_) value.clear();
  return value;
}

bool JsonReader::ReadBool() {
  if (!BeginValue(Kind::kBool, "expected true or false")) return false;
  if (*at_ == 't') return ScanLiteral("true");
  ScanLiteral("false");
  return false;
}

double JsonReader::ReadDouble() {
  double value = 0;
  if (!BeginValue(Kind::kNumber, "expected a number")) return value;
  bool integer = false;
  const std::string_view text = ScanNumber(integer);
  if (failed_) return value;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && stop == text.data() + text.size()) return value;
  Fail("number out of range");
  return 0;
}

std::string_view JsonReader::ReadIntegerText() {
  if (!BeginValue(Kind::kNumber, "expected an integer")) return {};
  bool integer = false;
  const std::string_view text = ScanNumber(integer);
  if (!failed_ && !integer) Fail("expected an integer");
  return text;
}

bool JsonReader::SkipNull() {
  if (Peek() != Kind::kNull) return false;
  value_pending_ = false;
  return ScanLiteral("null");
}

void JsonReader::Skip() {
  const int depth = depth_;
  SkipScalarOrEnter();
  while (!failed_ && depth_ > depth) {
    const bool more = InObject() ? NextRawKey().has_value() : NextElement();
    if (more) SkipScalarOrEnter();
  }
}

std::string_view JsonReader::ReadRaw() {
  if (failed_) return {};
  SkipBlanks();
  const char* const start = at_;
  Skip();
  if (failed_) return {};
  return {start, static_cast<std::size_t>(at_ - start)};
}

void JsonReader::SkipScalarOrEnter() {
  if (failed_) return;
  const Kind kind = Peek();
  value_pending_ = false;
  switch (kind) {
    case Kind::kNull: ScanLiteral("null"); return;
    case Kind::kBool: ScanLiteral(*at_ == 't' ? "true" : "false"); return;
    case Kind::kString: ScanString(); return;
    case Kind::kArray: return Enter(false);
    case Kind::kObject: return Enter(true);
    case Kind::kNone: return Fail("expected a value");
    case Kind::kNumber: {
      bool integer = false;
      ScanNumber(integer);
      return;
    }
  }
}

bool JsonReader::ScanLiteral(std::string_view literal) {
  if (!std::string_view(at_, end_).starts_with(literal)) {
    Fail("expected a value");
    return false;
  }
  at_ += literal.size();
  return true;
}

bool JsonReader::ScanDigits() {
  const char* const start = at_;
  while (at_ != end_ && IsDigit(*at_)) ++at_;
  if (at_ == start) Fail("expected a digit");
  return !failed_;
}

// RFC 8259 section 6. A digit after a leading zero is refused by whatever is expected after the number.
std::string_view JsonReader::ScanNumber(bool& integer) {
  const char* const start = at_;
  integer = true;
  if (*at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0') {
    ++at_;
  } else if (!ScanDigits()) {
    return {};
  }
  if (at_ != end_ && *at_ == '.') {
    integer = false;
    ++at_;
    if (!ScanDigits()) return {};
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    integer = false;
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!ScanDigits()) return {};
  }
  return {start, at_};
}

JsonReader::Text JsonReader::ScanString() {
  const char* const start = ++at_;
  bool escaped = false;
  while (!failed_) {
    at_ = PlainRunEnd(at_, end_);
    if (at_ == end_) {
      Fail("string without end");
    } else if (*at_ == '"') {
      ++at_;
      return {{start, at_ - 1}, escaped};
    } else if (*at_ == '\\') {
      escaped = true;
      ScanEscape();
    } else if (static_cast<unsigned char>(*at_) < 0x20) {
      Fail("control character in a string");
    } else {
      const std::size_t length = Utf8SequenceLength({at_, end_});
      if (length == 0) Fail("invalid UTF-8");
      at_ += length;
    }
  }
  return {};
}

void JsonReader::ScanEscape() {
  const std::string_view rest(at_, end_);
  if (rest.size() >= 2 && std::string_view("\"\\/bfnrt").contains(rest[1])) {
    at_ += 2;
    return;
  }
  const std::string_view digits = rest.substr(0, 6).substr(rest.size() < 2 ? rest.size() : 2);
  if (digits.size() == 4 && rest[1] == 'u' &&
      digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos) {
    at_ += 6;
    return;
  }
  Fail("invalid escape");
}

// Decodes what ScanString accepted.
void JsonReader::Unescape(Text text, std::string& out) {
  std::string_view rest = text.raw;
  for (;;) {
    const std::size_t plain = rest.find('\\');
    out.append(rest.substr(0, plain));
    if (plain == std::string_view::npos) return;
    rest.remove_prefix(plain + 1);
    const char letter = rest[0];
    rest.remove_prefix(1);
    if (letter != 'u') {
      constexpr std::string_view kLetters = "\"\\/bfnrt";
      constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
      out += kMeant[kLetters.find(letter)];
      continue;
    }
    char32_t code_point = Hex4(rest.data());
    rest.remove_prefix(4);
    if (code_point >= 0xd800 && code_point <= 0xdfff) {
      const char32_t low = rest.starts_with("\\u") ? Hex4(rest.data() + 2) : 0;
      if (code_point >= 0xdc00 || low < 0xdc00 || low > 0xdfff) return Fail("lone surrogate in a string");
      rest.remove_prefix(6);
      code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
    }
    AppendUtf8(code_point, out);
  }
}

bool IsJson(std::string_view text) { return JsonReader(text).Finish().has_value(); }

bool IsJsonObject(std::string_view text) {
  JsonReader json(text);
  return json.Peek() == JsonReader::Kind::kObject && json.Finish().has_value();
}

}  // namespace tidemill
