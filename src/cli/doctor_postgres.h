// Of `tidemill doctor`: PostgreSQL, by asking each server that is configured.
#pragma once

#include "cli/diagnosis.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

// Nothing when no PostgreSQL is configured. Takes some seconds when it does not answer.
void CheckPostgres(const settings::Settings& settings, Diagnoses& out);

}  // namespace tidemill::cli
