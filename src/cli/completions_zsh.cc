#include "cli/completions_zsh.h"

#include <fmt/format.h>

#include "cli/command_tree.h"

namespace tidemill::cli {
namespace {

constexpr std::string_view kBegin = R"(#compdef tidemill
# Completions of tidemill for zsh, made by `tidemill completions zsh`.

_tidemill() {
  local at='' word
  local -i i depth=0
  local -a settings commands
  for ((i = 2; i < CURRENT; i++)); do
    word=${words[i]}
    if [[ $i == 2 && $word == help ]]; then
      depth+=1
      continue
    fi
    case "$at $word" in
)";

// What was taken for the way to the command is removed, so that _arguments sees the command first.
constexpr std::string_view kWayIsKnown = R"(    esac
  done
  words=("${words[1]}" "${(@)words[depth+2,-1]}")
  (( CURRENT -= depth ))
)";

constexpr std::string_view kEnd = R"(  esac
}

if [[ $funcstack[1] == _tidemill ]]; then _tidemill "$@"; else compdef _tidemill tidemill; fi
)";

std::string Quoted(std::string_view text) { return fmt::format("'{}'", Replaced(text, "'", R"('\'')")); }

// In the brackets of _arguments.
std::string Explained(std::string_view help) {
  return Replaced(Replaced(Replaced(help, "\\", R"(\\)"), "[", R"(\[)"), "]", R"(\])");
}

std::string Action(const std::vector<std::string>& choices, bool is_file) {
  if (is_file) return "_files";
  return choices.empty() ? " " : fmt::format("({})", Joined(choices));
}

// "'--ttl=[Valid for so long]:value: '"
std::string Spec(const Option& option) {
  std::string spec = option.name;
  if (option.takes_value) spec += '=';
  if (!option.help.empty()) spec += fmt::format("[{}]", Explained(option.help));
  if (option.takes_value) spec += fmt::format(":value:{}", Action(option.choices, option.is_file));
  return Quoted(spec);
}

std::string Spec(const Parameter& parameter) {
  const std::vector<std::string> choices(parameter.choices.begin(), parameter.choices.end());
  // What begins with '-' is an option, and no message is to stand in its way.
  const bool any = choices.empty() && !parameter.is_file;
  return Quoted(fmt::format(
      "{}:{}:{}", parameter.is_list() ? "*" : "", parameter.name,
      any ? fmt::format("_guard \"^-*\" {}", parameter.name) : Action(choices, parameter.is_file)));
}

void AppendGroup(const PathedCommand& pathed, std::string& script) {
  script += "      commands=(\n";
  for (const CommandSpec& part : pathed.command->commands) {
    script += fmt::format("        {}\n", Quoted(fmt::format("{}:{}", part.name, part.help)));
  }
  if (pathed.path.empty()) script += "        'help:Shows the help of a command'\n";
  script +=
      "      )\n"
      "      if [[ ${words[CURRENT]} == -* ]]; then\n"
      "        _arguments '--help[Shows this help]'\n"
      "      else\n"
      "        _describe command commands\n"
      "      fi\n";
}

void AppendCommand(const CommandSpec& command, std::string& script) {
  script += "      _arguments";
  for (const Option& option : OptionsOf(command)) script += fmt::format(" \\\n        {}", Spec(option));
  for (const Parameter& parameter : command.parameters) {
    if (!parameter.is_option()) script += fmt::format(" \\\n        {}", Spec(parameter));
  }
  if (command.settings != nullptr) script += " \\\n        $settings";
  script += '\n';
}

}  // namespace

std::string ZshCompletions(const CommandSpec& program) {
  const std::vector<PathedCommand> commands = AllCommands(program);
  std::string script(kBegin);
  std::vector<std::string> paths;
  for (const PathedCommand& each : commands) {
    if (!each.path.empty()) paths.push_back(Quoted(each.path));
  }
  script += fmt::format("      ({}) at=\"$at $word\"; depth+=1 ;;\n{}", Joined(paths, "|"), kWayIsKnown);
  // All the settings are too many to be shown before a letter is typed.
  script += "  if [[ \"${words[*]}\" == *--[a-z]* ]]; then\n    settings=(\n";
  for (const Option& option : SettingOptions()) script += fmt::format("      {}\n", Spec(option));
  script += "    )\n  fi\n  case \"$at\" in\n";
  for (const PathedCommand& each : commands) {
    script += fmt::format("    ({})\n", Quoted(each.path));
    if (each.command->commands.empty()) {
      AppendCommand(*each.command, script);
    } else {
      AppendGroup(each, script);
    }
    script += "      ;;\n";
  }
  return script.append(kEnd);
}

}  // namespace tidemill::cli
