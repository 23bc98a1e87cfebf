// The command line: `tidemill serve`, `tidemill publish` and so on. cli.cc lists the commands.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/serve.h"

namespace tidemill::cli {

// Gives the exit code.
int Run(int argc, char** argv, ServeFunction serve);

// The same on given arguments, without the program's name.
int Run(std::vector<std::string> arguments, const ServeFunction& serve, Io io);

}  // namespace tidemill::cli
