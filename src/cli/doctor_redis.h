// Of `tidemill doctor`: Redis, by asking it, and by doing once what the server does there.
#pragma once

#include "cli/diagnosis.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

// Nothing when no Redis is configured. Takes some seconds when it does not answer.
void CheckRedis(const settings::Settings& settings, Diagnoses& out);

}  // namespace tidemill::cli
