// A file of settings taken apart into single values, each with its place. Knows which lists are named tables
// and which keys take any list or table, not what the keys mean.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"
#include "config/value.h"

namespace tidemill::config {

struct TomlFile {
  struct NamedTable {
    const TableList* list;
    std::string name;
    friend bool operator==(const NamedTable&, const NamedTable&) = default;
  };
  std::vector<Given> values;          // tables flattened: "client.token.audience"; in the order of the text
  std::vector<NamedTable> tables;     // in the order of the text
  std::vector<std::string> problems;  // one line each
};

// `name` stands before each place. A text that is not TOML gives one problem and no values. The values of a
// named table have keys like "channel.namespaces.chat.presence".
TomlFile ReadToml(std::string_view text, const std::string& name, std::span<const Key> keys,
                  std::span<const TableList> lists);

}  // namespace tidemill::config
