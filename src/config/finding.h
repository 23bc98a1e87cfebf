// What is wrong with values that need each other, which no single key can tell.
#pragma once

#include <string>
#include <vector>

namespace tidemill::config {

struct Finding {
  std::string key;                  // the one to change first
  std::vector<std::string> others;  // further keys that were looked at
  std::string text;                 // " = true: needs history_size above 0"
};
using Findings = std::vector<Finding>;

}  // namespace tidemill::config
