// Tags: what the tags of one header say, each by itself. Whether they fit each other, the route and the
// statement is found out afterwards (check.h).
//
// docs/formats/sql-files.md is the reference of tags.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queries/files/header.h"
#include "queries/files/query.h"
#include "sql/database.h"

namespace tidemill::files {

// One @param.
struct Declaration {
  std::string name;
  Range where;  // of the name
  std::string type;
  bool required = false;
  std::optional<ParameterSource> source;
  std::optional<DefaultValue> default_value;
  std::string doc;
};

struct Declared {
  std::vector<Declaration> parameters;
  bool cache_scope = false;  // @cache has a scope=
  // Where each tag stands, by its name.
  std::map<std::string_view, Range> places;

  bool Has(std::string_view tag) const { return places.contains(tag); }
  // Of a tag that is there.
  Range Place(std::string_view tag) const { return places.at(tag); }
};

// Writes what the tags say into `query`; what it cannot read is a problem, with what is accepted.
Declared ReadTags(std::span<const Tag> tags, sql::Dialect dialect, Query& query, Problems& problems);

bool IsTagName(std::string_view name);

}  // namespace tidemill::files
