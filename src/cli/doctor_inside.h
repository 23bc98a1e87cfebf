// The checks of `tidemill doctor` that can be done from inside of the server that they are about.
#pragma once

#include <string>

#include "cli/diagnosis.h"

namespace tidemill::settings {
struct Settings;
}
namespace tidemill::config {
struct Sources;
}

namespace tidemill::cli {

// Not whether the addresses are free, which the server itself has, and not the file of SQLite, which it has
// open. Blocks for some seconds when a store does not answer.
Diagnoses ExamineFromInside(const settings::Settings& settings, const config::Sources& sources);

// [{"verdict":"ok","subject":"…","text":"…"},…]
std::string ToJson(const Diagnoses& found);

}  // namespace tidemill::cli
