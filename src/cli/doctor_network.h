// Of `tidemill doctor`: what the kernel has to give for listening.
#pragma once

#include "cli/diagnosis.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

// Whether the addresses are free, and who has them if not.
void CheckAddresses(const settings::Settings& settings, Diagnoses& out);
void CheckAcceptQueue(Diagnoses& out);

}  // namespace tidemill::cli
