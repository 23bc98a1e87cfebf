// links: base
// The JSON reader never crashes, agrees with RapidJSON on what is JSON, and its raw values are JSON again.

// RapidJSON adds to null pointers in its empty stack; its own faults are not what is looked for.
#pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#pragma clang attribute pop

#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/json.h"
#include "base/utf8.h"

namespace {

using tidemill::JsonReader;

// Counts levels; everything else passes.
struct DepthHandler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DepthHandler> {
  bool Default() { return true; }
  bool StartObject() { return Enter(); }
  bool StartArray() { return Enter(); }
  bool EndObject(rapidjson::SizeType) { return Leave(); }
  bool EndArray(rapidjson::SizeType) { return Leave(); }
  bool Enter() { return ++depth <= JsonReader::kDepthMax; }
  bool Leave() {
    --depth;
    return true;
  }
  int depth = 0;
};

enum class Verdict { kJson, kNotJson, kNoOpinion };

// RapidJSON takes a zero byte for the end of the text, and refuses lone surrogates and numbers
// that no double holds: no opinion on those.
Verdict RapidJsonOn(std::string_view text) {
  if (text.contains('\0')) return Verdict::kNoOpinion;
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());  // StringStream is read beyond its end
  rapidjson::Reader reader;
  DepthHandler handler;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, handler);
  if (result.Code() == rapidjson::kParseErrorStringUnicodeSurrogateInvalid ||
      result.Code() == rapidjson::kParseErrorNumberTooBig) {
    return Verdict::kNoOpinion;
  }
  return result.IsError() ? Verdict::kNotJson : Verdict::kJson;
}

// Reads the value that comes next with every typed read that fits, and writes it again.
void Copy(JsonReader& json, tidemill::JsonWriter& out) {
  switch (json.Peek()) {
    case JsonReader::Kind::kString: out.String(json.ReadString()); return;
    case JsonReader::Kind::kBool: out.Bool(json.ReadBool()); return;
    case JsonReader::Kind::kNumber: out.Raw(json.ReadRaw()); return;
    case JsonReader::Kind::kObject:
      json.EnterObject();
      out.BeginObject();
      while (const auto key = json.NextKey()) {
        TM_ASSERT(tidemill::IsUtf8(*key));
        out.DynamicKey(*key);
        Copy(json, out);
      }
      out.EndObject();
      return;
    case JsonReader::Kind::kArray:
      json.EnterArray();
      out.BeginArray();
      while (json.NextElement()) Copy(json, out);
      out.EndArray();
      return;
    case JsonReader::Kind::kNull: json.SkipNull(); [[fallthrough]];
    case JsonReader::Kind::kNone: out.Null(); return;
  }
}

std::string CopyOf(std::string_view text, bool& ok) {
  std::string out;
  JsonReader json(text);
  tidemill::JsonWriter writer(out);
  Copy(json, writer);
  ok = json.Finish().has_value();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  JsonReader whole(text);
  const std::string_view raw = whole.ReadRaw();
  const bool accepted = whole.Finish().has_value();
  const Verdict other = RapidJsonOn(text);
  TM_ASSERT(other == Verdict::kNoOpinion || accepted == (other == Verdict::kJson));
  TM_ASSERT(accepted == JsonReader(text).Finish().has_value());
  if (accepted) TM_ASSERT(JsonReader(raw).Finish().has_value());

  bool copied = false;
  const std::string once = CopyOf(text, copied);
  TM_ASSERT(accepted || !copied);  // decoding is stricter: lone surrogates
  if (copied) {
    bool again = false;
    TM_ASSERT(CopyOf(once, again) == once);
    TM_ASSERT(again);
  }

  std::string quoted;
  tidemill::AppendJsonString(text, quoted);
  JsonReader string(quoted);
  const std::string read = string.ReadString();
  TM_ASSERT(string.Finish().has_value());
  if (tidemill::IsUtf8(text)) TM_ASSERT(read == text);

  JsonReader numbers(text);
  numbers.ReadDouble();
  if (JsonReader integer(text); integer.Peek() == JsonReader::Kind::kNumber) {
    const auto value = integer.ReadInteger<std::int64_t>();
    if (integer.Finish()) {
      std::string digits;
      tidemill::AppendSigned(value, digits);
      TM_ASSERT(JsonReader(digits).ReadInteger<std::int64_t>() == value);
    }
  }
  return 0;
}
