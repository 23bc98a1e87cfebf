#include "accounts/input.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json_reader.h"

namespace tidemill::accounts {

Outcome<Input> Input::Read(std::string_view body, std::initializer_list<std::string_view> known) {
  Input input;
  if (body.empty()) return input;
  JsonReader json(body);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    const std::string name(*key);
    if (std::ranges::find(known, name) == known.end()) {
      return Refuse(422, "invalid", "there is no such field here; remove it", name.substr(0, 64));
    }
    if (!input.members_.emplace(name, json.ReadRaw()).second) return RefuseField(name, "it is there twice");
  }
  if (const auto done = json.Finish(); !done) {
    return Refuse(400, "invalid", "the body is no JSON object: " + done.error().detail);
  }
  return input;
}

Outcome<std::string> Input::Text(std::string_view name) const {
  TM_TRY_ASSIGN(std::optional<std::string> text, OptionalText(name));
  if (!text) return RefuseField(std::string(name), "it must be given");
  return *std::move(text);
}

Outcome<std::optional<std::string>> Input::OptionalText(std::string_view name) const {
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  JsonReader json(found->second);
  if (json.SkipNull()) return std::nullopt;
  std::string text = json.ReadString();
  if (!json.Finish()) return RefuseField(std::string(name), "it must be a text");
  return text;
}

Outcome<std::optional<std::int64_t>> Input::OptionalInteger(std::string_view name, IntegerRange range) const {
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  JsonReader json(found->second);
  if (json.SkipNull()) return std::nullopt;
  const auto number = json.ReadInteger<std::int64_t>();
  if (!json.Finish() || number < range.min || number > range.max) {
    return RefuseField(std::string(name),
                       fmt::format("it must be a whole number from {} to {}", range.min, range.max));
  }
  return number;
}

Outcome<std::optional<bool>> Input::OptionalBool(std::string_view name) const {
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  JsonReader json(found->second);
  if (json.SkipNull()) return std::nullopt;
  const bool value = json.ReadBool();
  if (!json.Finish()) return RefuseField(std::string(name), "it must be true or false");
  return value;
}

Outcome<std::int64_t> QueryInteger(const http::Request& request, std::string_view name, IntegerRange range,
                                   std::int64_t otherwise) {
  const auto text = request.QueryParameter(name);
  if (!text || text->empty()) return otherwise;
  std::int64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || stop != end || number < range.min || number > range.max) {
    return RefuseField(std::string(name),
                       fmt::format("it must be a whole number from {} to {}", range.min, range.max));
  }
  return number;
}

}  // namespace tidemill::accounts
