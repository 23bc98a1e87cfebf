// Of `tidemill doctor`: descriptors, cores, memory and clock of the machine or its container.
#pragma once

#include "cli/diagnosis.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

void CheckOpenFiles(const settings::Settings& settings, Diagnoses& out);
void CheckCores(const settings::Settings& settings, Diagnoses& out);
void CheckMemory(const settings::Settings& settings, Diagnoses& out);
// Takes 50 ms, to see whether the clock jumps.
void CheckClock(Diagnoses& out);

}  // namespace tidemill::cli
