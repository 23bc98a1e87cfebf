// `tidemill serve`: runs the server, which is handed in: nothing in cli/ depends on it.
#pragma once

#include <functional>

#include "cli/command.h"
#include "config/sources.h"

namespace tidemill::cli {

struct ServeOptions {
  config::Sources sources;
  bool dev = false;
};

// Runs the server until it ends; gives the exit code.
using ServeFunction = std::function<int(const ServeOptions&)>;

CommandSpec ServeCommand(ServeFunction serve);

}  // namespace tidemill::cli
