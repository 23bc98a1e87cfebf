#include "jobs/job_api/members.h"

#include <fmt/format.h>

namespace tidemill::jobs {
namespace {

std::string_view WordFor(JsonReader::Kind kind) {
  switch (kind) {
    case JsonReader::Kind::kString: return "a string";
    case JsonReader::Kind::kBool: return "true or false";
    case JsonReader::Kind::kNumber: return "a number";
    case JsonReader::Kind::kArray: return "an array of strings";
    case JsonReader::Kind::kObject: return "an object";
    default: return "something else";
  }
}

}  // namespace

void Read(JsonReader& json, NoParams&) {
  json.EnterObject();
  while (json.NextKey()) continue;
}

api::Failure WrongKind(std::string_view name, JsonReader::Kind wanted) {
  return {protocol::kErrorBadRequest, fmt::format("\"{}\" must be {}", name, WordFor(wanted))};
}

api::Failure Missing(std::string_view name) {
  return {protocol::kErrorBadRequest, fmt::format("\"{}\" is missing", name)};
}

api::Failure OutOfRange(std::string_view name, std::string_view accepted) {
  return {protocol::kErrorBadRequest, fmt::format("\"{}\" must be {}", name, accepted)};
}

}  // namespace tidemill::jobs
