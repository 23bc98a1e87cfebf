// Of `tidemill doctor`: settings that are accepted and still surprise.
#pragma once

#include "cli/diagnosis.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

void CheckSecrets(const settings::Settings& settings, Diagnoses& out);

}  // namespace tidemill::cli
