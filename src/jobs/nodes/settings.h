// Settings of how nodes that share a store of jobs reach one another: jobs.nodes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/secret.h"
#include "config/section_fwd.h"

namespace tidemill::nodes {

inline constexpr std::size_t kKeyBytesMin = 16;

struct NodesSettings {
  std::vector<std::string> listen;
  std::string address;  // "": the first of `listen`
  config::Secret key;
  friend bool operator==(const NodesSettings&, const NodesSettings&) = default;
};

config::Section<NodesSettings> NodesSection();

}  // namespace tidemill::nodes
