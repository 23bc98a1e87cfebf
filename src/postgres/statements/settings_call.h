// SettingsCall: the statement that sets a call's settings in its transaction (sql::Call::settings).
#pragma once

#include "sql/statement.h"

namespace tidemill::postgres {

// One SELECT for all of them, which is prepared once for each number of settings. Names and values are
// parameters.
sql::Call SettingsCall(const sql::LocalSettings& settings, sql::Access access);

}  // namespace tidemill::postgres
