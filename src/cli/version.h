// `tidemill version`: the program's version, its commit and build, its compiler and its OpenSSL.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec VersionCommand();

}  // namespace tidemill::cli
