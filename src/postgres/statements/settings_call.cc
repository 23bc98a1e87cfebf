#include "postgres/statements/settings_call.h"

#include <array>
#include <string>

#include "base/assert.h"

namespace tidemill::postgres {
namespace {

using BySize = std::array<sql::Statement, sql::kLocalSettingsMax>;

sql::Statement StatementFor(std::size_t settings) {
  std::string text = "select ";
  for (std::size_t i = 0; i < settings; ++i) {
    if (i > 0) text += ", ";
    text +=
        "pg_catalog.set_config($" + std::to_string(2 * i + 1) + ", $" + std::to_string(2 * i + 2) + ", true)";
  }
  return sql::Statement(std::move(text));
}

template <std::size_t... kIndex>
BySize MakeStatements(std::index_sequence<kIndex...>) {
  return {StatementFor(kIndex + 1)...};
}

}  // namespace

sql::Call SettingsCall(const sql::LocalSettings& settings, sql::Access access) {
  static const BySize statements = MakeStatements(std::make_index_sequence<sql::kLocalSettingsMax>());
  TM_ASSERT(!settings.empty() && settings.size() <= sql::kLocalSettingsMax);
  sql::Call call{.statement = statements[settings.size() - 1], .access = access};
  call.parameters.reserve(2 * settings.size());
  for (const auto& [name, value] : settings) {
    call.parameters.emplace_back(name);
    call.parameters.emplace_back(value);
  }
  return call;
}

}  // namespace tidemill::postgres
