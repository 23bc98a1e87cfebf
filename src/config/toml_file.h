// A TOML text taken apart into single values, each with its place. Knows TOML, not the keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/value.h"

namespace tidemill::config {

struct TomlFile {
  std::vector<Given> values;            // tables flattened: "client.token.audience"; in the order of the text
  std::vector<std::string> namespaces;  // by their names, in the order of the text
  std::vector<std::string> problems;    // one line each
};

// `name` stands before each place. A text that is not TOML gives one problem and no values. The values of
// namespaces have keys like "channel.namespaces.chat.presence".
TomlFile ReadToml(std::string_view text, const std::string& name);

}  // namespace tidemill::config
