// RunProgram: the program's command line, with what it writes kept.
#pragma once

#include <string>
#include <vector>

#include "cli/cli.h"

namespace tidemill::cli::testing {

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

// Without a server to run.
Ran RunProgram(std::vector<std::string> arguments, std::vector<sql::Schema> schemas = {});

}  // namespace tidemill::cli::testing
