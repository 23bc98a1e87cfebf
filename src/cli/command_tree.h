// The commands of a program as a list, for what is generated from them: completions and the manual page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace tidemill::cli {

struct PathedCommand {
  std::string path;  // " token create", as it follows the program's name; "" is the program itself
  const CommandSpec* command = nullptr;
};

// The program and all that is below it, groups before their commands.
std::vector<PathedCommand> AllCommands(const CommandSpec& program);

// An option as shells know it.
struct Option {
  std::string name;  // "--ttl"
  std::string help;  // "": there is none
  bool takes_value = true;
  bool is_file = false;
  std::vector<std::string> choices;  // of the value; empty: any
};

// What the command takes for itself, with --help, --config and --port.
std::vector<Option> OptionsOf(const CommandSpec& command);

// Every setting as an option, for commands that take settings.
std::vector<Option> SettingOptions();

// "bash zsh fish"
std::string Joined(const std::vector<std::string>& words, std::string_view separator = " ");

// `text` with each `from` replaced by `to`.
std::string Replaced(std::string_view text, std::string_view from, std::string_view to);

}  // namespace tidemill::cli
