// Where settings come from.
#pragma once

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

}  // namespace tidemill::config
