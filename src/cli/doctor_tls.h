// Of `tidemill doctor`: the files of the certificate and its key.
#pragma once

#include "cli/diagnosis.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

// Whether they can be read, whether they match, when the certificate expires.
void CheckTls(const settings::Settings& settings, Diagnoses& out);

}  // namespace tidemill::cli
