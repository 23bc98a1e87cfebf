#include "queries/catalog/sqlite_type.h"

#include <array>
#include <string>
#include <utility>

#include "base/ascii.h"

namespace tidemill::queries {
namespace {

using sql::Kind;

// In this order: the first whose text the name contains.
constexpr std::array<std::pair<std::string_view, Kind>, 18> kKinds = {{
    {"timestamptz", Kind::kTimestampTz},
    {"timestamp", Kind::kTimestamp},
    {"datetime", Kind::kTimestamp},
    {"date", Kind::kDate},
    {"bool", Kind::kBoolean},
    {"json", Kind::kJson},
    {"uuid", Kind::kUuid},
    {"int", Kind::kInteger},
    {"serial", Kind::kInteger},
    {"char", Kind::kText},
    {"text", Kind::kText},
    {"blob", Kind::kBytes},
    {"bytea", Kind::kBytes},
    {"real", Kind::kFloat},
    {"floa", Kind::kFloat},
    {"doub", Kind::kFloat},
    {"numeric", Kind::kNumeric},
    {"decimal", Kind::kNumeric},
}};

Kind KindOf(std::string_view name) {
  for (const auto& [part, kind] : kKinds) {
    if (name.contains(part)) return kind;
  }
  return Kind::kText;
}

}  // namespace

std::shared_ptr<const sql::Type> SqliteType(std::string_view declared) {
  constexpr std::string_view kList = "[]";
  auto type = std::make_shared<sql::Type>();
  type->name = declared;
  const std::string lower = ToLower(declared);
  if (lower.ends_with(kList)) {
    type->kind = Kind::kArray;
    type->element = SqliteType(declared.substr(0, declared.size() - kList.size()));
  } else {
    type->kind = KindOf(lower);
  }
  return type;
}

}  // namespace tidemill::queries
