// Of `tidemill doctor`: the key sets that tokens are checked with, by fetching them.
#pragma once

#include "cli/diagnosis.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

// Nothing where no endpoint of key sets (JWKS) is configured.
void CheckKeySets(const settings::Settings& settings, Diagnoses& out);

}  // namespace tidemill::cli
