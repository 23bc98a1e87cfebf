// Reads the arguments of the program by the specs of its commands.
//
//   tidemill GROUP COMMAND POSITIONAL --option value --switch --some.setting value
//   tidemill help GROUP COMMAND, or --help or -h anywhere
//
// Options and positional arguments come in any order; `--` ends the options. A word that no spec knows and
// that starts with "--" is a setting, where the command takes settings: unless it is a switch, the next word
// is its value.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/command.h"

namespace tidemill::cli {

struct Invocation {
  const CommandSpec* command = nullptr;
  std::string path;   // "tidemill token create"
  bool help = false;  // its help is wanted
};

// Finds the command and writes the values of its parameters. `program` is the group of all commands.
// kInvalidArgument: the detail is for the user, and names the nearest name for one that is not known.
Result<Invocation> Parse(const CommandSpec& program, std::span<const std::string> arguments);

}  // namespace tidemill::cli
