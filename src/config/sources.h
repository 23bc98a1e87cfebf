// Where settings come from.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tidemill::config {

struct Sources {
  std::string file;                                        // path; "": none
  std::map<std::string, std::string> environment;          // only TIDEMILL_… is looked at
  std::vector<std::pair<std::string, std::string>> flags;  // key and value, e.g. {"client.insecure", "true"}
};

// Where each key was last given: "tidemill.toml:12: client.insecure", "TIDEMILL_CLIENT_INSECURE",
// "--client.insecure". Keys that nothing gives are not in it.
using Origins = std::map<std::string, std::string, std::less<>>;

}  // namespace tidemill::config
