// The command line: `tidemill serve`, `tidemill publish` and so on. cli.cc lists the commands.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/serve.h"
#include "sql/schema/schema.h"

namespace tidemill::cli {

// What the commands are given by the wiring: nothing in cli/ depends on it.
struct Wiring {
  ServeFunction serve;
  std::vector<sql::Schema> schemas;  // of all modules that have tables
};

// Gives the exit code.
int Run(int argc, char** argv, const Wiring& wiring);

// The same on given arguments, without the program's name.
int Run(std::vector<std::string> arguments, const Wiring& wiring, Io io);

}  // namespace tidemill::cli
