// tidemill queries list: the endpoints of a folder, without a database.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec QueriesListCommand();

}  // namespace tidemill::cli
