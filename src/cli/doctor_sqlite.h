// Of `tidemill doctor`: the embedded database: its file, its disk, its content.
#pragma once

#include "cli/diagnosis.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

// Nothing when none is configured. Reads the whole file.
void CheckSqlite(const settings::Settings& settings, Diagnoses& out);

}  // namespace tidemill::cli
