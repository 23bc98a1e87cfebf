// AnswersNameOf: what the cached answers of one endpoint depend on, and no others, so that they can be ended
// by themselves (generations.h). A function; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::queries {

// `operation_id`: the endpoint's. Of those whose answers depend on tables.
inline std::string AnswersNameOf(std::string_view operation_id) {
  return "answers:" + std::string(operation_id);
}

}  // namespace tidemill::queries
