// A TOML text as a tree of plain values, each with its line. The only place that knows the TOML library.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/value.h"

namespace tidemill::config {

struct TomlEntry;

struct TomlTable {
  std::uint32_t line = 0;
  std::vector<TomlEntry> entries;
};

struct TomlEntry {
  std::string key;
  std::uint32_t key_line = 0;
  std::uint32_t value_line = 0;
  // The last one: a list that has tables in it and nothing else.
  std::variant<Value, TomlTable, std::vector<TomlTable>> content;
};

// Paths of keys that take any list or table ("jobs.cron.args"; the tables of a list have no part in it): what
// stands there is a Value that holds JSON.
using JsonPaths = std::set<std::string, std::less<>>;

// The error's detail is what to say after the file's name: ":3:9: not TOML: …". No value of the text is in
// it.
Result<TomlTable> ParseToml(std::string_view text, const JsonPaths& json_paths = {});

}  // namespace tidemill::config
