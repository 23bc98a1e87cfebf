#include "chat/api/field.h"

#include <fmt/format.h>

#include <charconv>

#include "base/nearest.h"
#include "base/utf8.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kNameShown = 64;    // bytes of a name that is told back
constexpr std::size_t kTextsMax = 1'000;  // of a list

Refusal Invalid(const FieldInfo& info, std::string message) {
  return {.code = Code::kInvalid, .message = std::move(message), .field = std::string(info.name)};
}

std::string_view KindName(JsonReader::Kind kind) {
  switch (kind) {
    case JsonReader::Kind::kBool: return "true or false";
    case JsonReader::Kind::kNumber: return "a whole number";
    case JsonReader::Kind::kArray: return "a list of texts";
    case JsonReader::Kind::kObject: return "an object";
    case JsonReader::Kind::kNone: return "a text or a number";
    case JsonReader::Kind::kString:
    case JsonReader::Kind::kNull: break;
  }
  return "a text";
}

// Whether the number that comes next is a whole one that fits; nothing else of it is read.
std::optional<std::int64_t> ReadWhole(JsonReader& json) {
  const std::string_view raw = json.ReadRaw();
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (error != std::errc{} || stop != raw.data() + raw.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, std::string& value) {
  value = json.ReadString();
  if (value.contains('\0')) return Invalid(info, "a text without the character 0");
  return std::nullopt;
}

std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo&, bool& value) {
  value = json.ReadBool();
  return std::nullopt;
}

std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, std::int64_t& value) {
  const auto whole = ReadWhole(json);
  if (!whole) return WrongKind(info);
  value = *whole;
  return std::nullopt;
}

std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, std::vector<std::string>& value) {
  json.EnterArray();
  std::optional<Refusal> refused;
  while (json.NextElement()) {
    if (json.Peek() != JsonReader::Kind::kString) {
      json.Skip();
      refused = WrongKind(info);
    } else if (value.size() == kTextsMax) {
      json.Skip();
      refused = Invalid(info, fmt::format("at most {} texts", kTextsMax));
    } else if (auto wrong = ReadValue(json, info, value.emplace_back())) {
      refused = std::move(wrong);
    }
  }
  return refused;
}

std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo&, RawObject& value) {
  value.text = json.ReadRaw();
  return std::nullopt;
}

std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, SeqOrWord& value) {
  if (json.Peek() == JsonReader::Kind::kString) return ReadValue(json, info, value.word);
  value.seq = ReadWhole(json);
  if (!value.seq) return WrongKind(info);
  return std::nullopt;
}

Refusal UnknownField(std::string_view name, std::span<const FieldInfo> known) {
  std::vector<std::string> names;
  for (const FieldInfo& each : known) names.emplace_back(each.name);
  std::string message = fmt::format("there is no field \"{}\" here", CutUtf8(name, kNameShown));
  if (const auto meant = Nearest(name, names)) {
    message += fmt::format(": did you mean \"{}\"?", *meant);
  } else if (!names.empty()) {
    message += "; there are";
    for (const std::string& each : names) message.append(&each == names.data() ? " " : ", ").append(each);
  }
  return {
      .code = Code::kInvalid, .message = std::move(message), .field = std::string(CutUtf8(name, kNameShown))};
}

Refusal WrongKind(const FieldInfo& info) {
  return Invalid(info, fmt::format("{} must be {}", info.name, KindName(info.kind)));
}

Refusal GivenTwice(const FieldInfo& info) {
  return Invalid(info, fmt::format("{} is given twice", info.name));
}

Refusal IsMissing(const FieldInfo& info) { return Invalid(info, fmt::format("{} is missing", info.name)); }

}  // namespace tidemill::chat
