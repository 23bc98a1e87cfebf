// Of `tidemill doctor`: settings that are accepted and still surprise.
#pragma once

#include "cli/diagnosis.h"
#include "config/sources.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

void CheckSecrets(const settings::Settings& settings, Diagnoses& out);
// What the settings allow that nobody may have meant; `sources`: where they came from.
void CheckCautions(const settings::Settings& settings, const config::Sources& sources, Diagnoses& out);

}  // namespace tidemill::cli
