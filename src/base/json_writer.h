// JsonWriter: appends one JSON value to a string.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill {

// A member name known when compiling, and checked then to need no escapes.
struct JsonName {
  std::string_view text;

  template <std::size_t N>
  consteval JsonName(const char (&name)[N]) : text(name, N - 1) {
    for (const char c : text) {
      if (c < ' ' || c > '~' || c == '"' || c == '\\') throw "this name needs escapes";
    }
  }
};

// In quotes, escaped. Bytes that are not UTF-8 become U+FFFD; U+2028 and U+2029 are escaped, so that the
// text is also JavaScript.
void AppendJsonString(std::string_view text, std::string& out);
void AppendUnsigned(std::uint64_t value, std::string& out);
void AppendSigned(std::int64_t value, std::string& out);

// Appends one JSON value to `out` and puts the commas. Calls must be in the order of a value: nothing checks
// that ends match begins.
//
//   JsonWriter json(out);
//   json.BeginObject();
//   json.Member("code", 107);
//   json.Key("publications"); json.BeginArray(); …; json.EndArray();
//   json.EndObject();
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out), start_(out.size()) {}

  void BeginObject() { Open('{'); }
  void EndObject() { out_ += '}'; }
  void BeginArray() { Open('['); }
  void EndArray() { out_ += ']'; }

  void Key(JsonName name);
  void DynamicKey(std::string_view key);  // any text

  void String(std::string_view text);
  void Bool(bool value);
  void Null();
  void Double(double value);  // shortest that reads back the same; null if not finite
  template <std::integral T>
  void Integer(T value);
  // `json` as it is, so it must be one valid value; null if it is empty.
  void Raw(std::string_view json);
  // The same with line breaks, which in JSON are only blanks between tokens, turned into spaces.
  void RawOnOneLine(std::string_view json);

  // A key with its value.
  void Member(JsonName name, std::string_view text) { Key(name), String(text); }
  template <std::same_as<bool> T>
  void Member(JsonName name, T value) {
    Key(name), Bool(value);
  }
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  void Member(JsonName name, T value) {
    Key(name), Integer(value);
  }
  void Member(JsonName name, double value) { Key(name), Double(value); }
  void RawMember(JsonName name, std::string_view json) { Key(name), Raw(json); }

 private:
  void Open(char bracket);
  void Separate();

  std::string& out_;
  std::size_t start_;
};

template <std::integral T>
void JsonWriter::Integer(T value) {
  Separate();
  if constexpr (std::signed_integral<T>) {
    AppendSigned(value, out_);
  } else {
    AppendUnsigned(value, out_);
  }
}

}  // namespace tidemill
