// Of `tidemill doctor`: settings that are accepted and still surprise.
#pragma once

#include "cli/diagnosis.h"
#include "config/settings.h"

namespace tidemill::cli {

void CheckSecrets(const config::Settings& settings, Diagnoses& out);

}  // namespace tidemill::cli
