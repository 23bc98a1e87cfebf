// Answers of operations, and what the values of their parameters may be. Functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "chat/api/operation.h"
#include "chat/delivery/event.h"
#include "chat/store/json.h"
#include "chat/text/limits.h"

namespace tidemill::chat {

// {"name":value}
template <class T>
Answer AnswerWith(JsonName name, const T& value, int status = 200) {
  return {.status = status, .json = ObjectJson([&](JsonWriter& json) {
                              json.Key(name);
                              Write(json, value);
                            })};
}

inline Answer NoContent() { return {.status = 204, .json = ""}; }

template <class T>
void WriteList(JsonWriter& json, JsonName name, const std::vector<T>& values) {
  json.Key(name);
  json.BeginArray();
  for (const T& each : values) Write(json, each);
  json.EndArray();
}

// null where there is no further page.
inline void WriteCursor(JsonWriter& json, const std::string& cursor) {
  json.Key("cursor");
  cursor.empty() ? json.Null() : json.String(cursor);
}

inline std::unexpected<Refusal> RefuseText(const TextProblem& problem, std::string field) {
  return Refuse(problem.too_long ? Code::kTooLong : Code::kInvalid, problem.message, std::move(field));
}
inline Outcome<> CheckedText(const std::optional<TextProblem>& problem, std::string_view field) {
  if (problem) return RefuseText(*problem, std::string(field));
  return {};
}

// How many are asked for: `otherwise` where that is not said. kInvalid: not 1 to `max`.
Outcome<std::size_t> LimitOf(const std::optional<std::int64_t>& limit, std::size_t otherwise,
                             std::size_t max);

// A time to come, within a year from `now`, in ms since 1970. kInvalid names the field "at".
Outcome<WallTime> LaterTime(WallTime now, std::int64_t at);

// A word that `parse` knows. `accepted`: for whoever has another one.
template <class T>
Outcome<T> WordOf(std::optional<T> (*parse)(std::string_view), std::string_view word, std::string_view field,
                  std::string_view accepted) {
  if (const auto value = parse(word)) return *value;
  return Refuse(Code::kInvalid, std::string(field) + " must be " + std::string(accepted), std::string(field));
}

}  // namespace tidemill::chat
