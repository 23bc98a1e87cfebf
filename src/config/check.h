// What no single key can check: values that need each other.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace tidemill::config {

struct Finding {
  std::string key;                  // the one to change first
  std::vector<std::string> others;  // further keys that were looked at
  std::string text;                 // " = true: needs history_size above 0"
};

std::vector<Finding> FindContradictions(const Settings& settings);

}  // namespace tidemill::config
