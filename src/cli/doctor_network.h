// Of `tidemill doctor`: the addresses to listen on, and the queue of connections to accept.
#pragma once

#include "cli/diagnosis.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

// Whether each address is free; if not, the process that has it.
void CheckAddresses(const settings::Settings& settings, Diagnoses& out);
void CheckAcceptQueue(Diagnoses& out);

}  // namespace tidemill::cli
