// `tidemill info`: the nodes of a running server and what they carry.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/command.h"

namespace tidemill::cli {

CommandSpec InfoCommand();

// The result of `info` as a table.
Result<std::string> NodesToText(std::string_view result);

}  // namespace tidemill::cli
