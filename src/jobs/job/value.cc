#include "jobs/job/value.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"

namespace tidemill::job {

Result<> OnOneLine(std::string& json, std::string_view what) {
  // It stands three levels deep in a job: {"custom":{"_results":{"NAME":…}}}.
  if (!IsJson(fmt::format("[[[{}]]]", json)) || !IsJson(json)) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("{} is JSON, at most {} levels deep", what, JsonReader::kDepthMax - 3));
  }
  std::string line;
  JsonWriter(line).RawOnOneLine(json);
  json = std::move(line);
  return {};
}

}  // namespace tidemill::job
