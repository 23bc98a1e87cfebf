// The command line: `tidemill serve`, `tidemill publish` and so on.
//
// cli.cc holds the grammar (and alone knows CLI11), commands.h what each command is given, one .cc each what
// it does. The server itself is handed in: nothing here depends on it.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "config/load.h"

namespace tidemill::cli {

struct ServeOptions {
  config::Sources sources;
  bool dev = false;
};

// Runs the server until it ends; gives the exit code.
using ServeFunction = std::function<int(const ServeOptions&)>;

// Where a command writes: results to `out`, everything else to `err`.
struct Io {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
};

// Exit codes of every command.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kMisused = 2;  // the command line was wrong

int Run(int argc, char** argv, ServeFunction serve);

// The same on given arguments, without the program's name.
int Run(std::vector<std::string> arguments, const ServeFunction& serve, Io io);

}  // namespace tidemill::cli
