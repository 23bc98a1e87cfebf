// `tidemill doctor`: looks at the machine and the settings for what will hurt. Each check is a doctor_*.h.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec DoctorCommand();

}  // namespace tidemill::cli
