// JsonReader: pulls values out of a JSON text (RFC 8259).
//
// It is strict: exactly the grammar, UTF-8 checked, no BOM, no text after the value, at most 64 levels.
// Numbers are only checked for range when they are read as one. Of a key that is there twice, the caller sees
// both, so the last wins. An escaped lone surrogate (\ud800), which the grammar allows and browsers produce,
// passes in a value that is skipped or taken raw, and is an error in a string that is read, because no UTF-8
// stands for it.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill {

// Reads one JSON text in order, without recursion and without building a tree:
//
//   JsonReader json(text);
//   json.EnterObject();
//   while (const auto key = json.NextKey()) {
//     if (*key == "channel") channel = json.ReadString();
//     if (*key == "limit") limit = json.ReadInteger<std::int32_t>();
//   }                       // members that were not read are checked and skipped
//   TM_TRY(json.Finish());  // only now is anything that was read to be believed
//
// The first error sticks: from then on every loop ends, every read gives an empty value, and Finish tells
// what and where. The text must outlive the reader and the raw values taken from it.
class JsonReader {
 public:
  static constexpr int kDepthMax = 64;

  enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject, kNone };

  explicit JsonReader(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  // The kind of the value that comes next, from its first byte; kNone where none can start.
  Kind Peek();

  // A value that is not of the type asked for is an error.
  void EnterObject();
  void EnterArray();
  std::string ReadString();
  bool ReadBool();
  double ReadDouble();  // beyond the range of a double is an error
  // A number without fraction or exponent, in the range of T.
  template <std::integral T>
  T ReadInteger();

  // Consumes the next value if it is null.
  bool SkipNull();
  // Consumes the next value, of any kind, and checks its grammar.
  void Skip();
  // The same, and gives the value's text: a view into the input, without blanks around it.
  std::string_view ReadRaw();

  // The next member's key; nullopt after the last one, and the object is left. The view holds until the
  // next call of NextKey. Call it only in an object, NextElement only in an array.
  std::optional<std::string_view> NextKey();
  // Whether there is one more element; false after the last one, and the array is left.
  bool NextElement();

  // Lets the caller refuse what it read, with the position reached. Only the first error counts.
  void Fail(std::string_view what);
  bool ok() const { return !failed_; }

  // Checks and skips what was not read, then that nothing follows. kInvalidArgument: "byte 17: …".
  [[nodiscard]] Result<> Finish();

 private:
  struct Text {
    std::string_view raw;  // between the quotes
    bool escaped = false;
  };

  bool InObject() const { return ((objects_ >> (depth_ - 1)) & 1) != 0; }
  void SkipBlanks();
  bool BeginValue(Kind kind, std::string_view otherwise);
  void Enter(bool object);
  bool NextInContainer(char close);
  std::optional<Text> NextRawKey();
  void SkipScalarOrEnter();
  Text ScanString();
  void ScanEscape();
  bool ScanLiteral(std::string_view literal);
  std::string_view ScanNumber(bool& integer);
  bool ScanDigits();
  std::string_view ReadIntegerText();
  void Unescape(Text text, std::string& out);

  const char* begin_;
  const char* at_;
  const char* end_;
  std::uint64_t objects_ = 0;  // bit i: level i is an object, not an array
  int depth_ = 0;
  bool first_ = false;         // nothing was read of the innermost container
  bool value_pending_ = true;  // a value starts here and was not consumed
  bool failed_ = false;
  std::string key_;  // the last key, when it had escapes
  std::string error_;
};

template <std::integral T>
T JsonReader::ReadInteger() {
  const std::string_view text = ReadIntegerText();
  T value{};
  if (failed_) return value;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && stop == text.data() + text.size()) return value;
  Fail("number out of range");
  return T{};
}

// Whether `text` is one valid JSON value, or one that is an object.
bool IsJson(std::string_view text);
bool IsJsonObject(std::string_view text);

}  // namespace tidemill
