// Settings of what is counted by namespace and by client: prometheus.
#pragma once

#include <string>
#include <vector>

#include "config/section_fwd.h"

namespace tidemill::session {

struct UsageOptions {
  bool by_namespace = false;
  std::vector<std::string> client_names;  // beside the official clients'
  friend bool operator==(const UsageOptions&, const UsageOptions&) = default;
};

config::Section<UsageOptions> UsageSection();

}  // namespace tidemill::session
