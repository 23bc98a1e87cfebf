// `tidemill serve`: from the sources of settings to a running node and its orderly end.
#pragma once

#include "cli/cli.h"

namespace tidemill::server {

// Runs until SIGTERM or SIGINT; SIGHUP reloads. Gives the process's exit code.
int Serve(const cli::ServeOptions& options);

}  // namespace tidemill::server
