#include "sqlite/authorizer.h"

#include <sqlite3.h>

#include <algorithm>
#include <string_view>

#include "sqlite/function_set.h"

namespace tidemill::sqlite {
namespace {

// Those that tell, and with an argument tell about it.
constexpr std::string_view kTelling[] = {
    "collation_list",   "compile_options", "database_list", "foreign_key_check",
    "foreign_key_list", "function_list",   "index_info",    "index_list",
    "index_xinfo",      "integrity_check", "module_list",   "pragma_list",
    "quick_check",      "table_info",      "table_list",    "table_xinfo",
};
// Those that tell, and with an argument change something.
constexpr std::string_view kTellingAlone[] = {
    "application_id", "data_version", "encoding",       "foreign_keys", "freelist_count", "journal_mode",
    "page_count",     "page_size",    "schema_version", "synchronous",  "user_version",
};

bool Tells(std::string_view pragma, const char* argument) {
  if (std::ranges::find(kTelling, pragma) != std::end(kTelling)) return true;
  if (argument != nullptr) return pragma == "user_version" || pragma == "application_id";
  return std::ranges::find(kTellingAlone, pragma) != std::end(kTellingAlone);
}

}  // namespace

void Authorizer::Install(sqlite3* db) { sqlite3_set_authorizer(db, &Authorizer::Ask, this); }

int Authorizer::Ask(void* self, int action, const char* first, const char* second, const char*, const char*) {
  auto& authorizer = *static_cast<Authorizer*>(self);
  if (action == SQLITE_FUNCTION && authorizer.functions_.Has(second)) authorizer.saw_function_ = true;
  if (authorizer.own_ > 0) return SQLITE_OK;
  switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_ATTACH:
    case SQLITE_DETACH: return SQLITE_DENY;
    case SQLITE_PRAGMA: return Tells(first, second) ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_OK;
  }
}

}  // namespace tidemill::sqlite
