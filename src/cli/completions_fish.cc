#include "cli/completions_fish.h"

#include <fmt/format.h>

#include "cli/command_tree.h"

namespace tidemill::cli {
namespace {

constexpr std::string_view kBegin =
    R"(# Completions of tidemill for fish, made by `tidemill completions fish`.

# Whether the command line is at one of these commands.
function __tidemill_at
    set -l words (commandline -opc)
    set -e words[1]
    if set -q words[1]; and test "$words[1]" = help
        set -e words[1]
    end
    set -l at ''
    for word in $words
        switch "$at $word"
)";

constexpr std::string_view kAfterPaths = R"(                set at "$at $word"
        end
    end
    contains -- "$at" $argv
end

# The same, where a setting is being typed, at least its first letter, or its value: all settings are too
# many to be shown before.
function __tidemill_setting
    set -l words (commandline -opc) (commandline -ct)
    string match -qr -- '^--[a-z]' $words[-2..-1]; and __tidemill_at $argv
end

complete -c tidemill -f
)";

std::string Quoted(std::string_view text) {
  return fmt::format("'{}'", Replaced(Replaced(text, "\\", R"(\\)"), "'", R"(\')"));
}

// The part of a `complete` line that says what the option is and takes.
std::string Told(const Option& option) {
  std::string line = fmt::format(" -l {}", option.name.substr(2));
  if (option.is_file) {
    line += " -r -F";
  } else if (option.takes_value) {
    line += " -x";
    if (!option.choices.empty()) line += fmt::format(" -a {}", Quoted(Joined(option.choices)));
  }
  return line + (option.help.empty() ? "" : fmt::format(" -d {}", Quoted(option.help)));
}

void AppendLine(std::string_view test, std::string_view path, std::string_view rest, std::string& script) {
  script += fmt::format("complete -c tidemill -n {}{}\n", Quoted(fmt::format("{} '{}'", test, path)), rest);
}

void AppendCommand(const PathedCommand& pathed, std::string& script) {
  const auto append = [&](std::string_view rest) { AppendLine("__tidemill_at", pathed.path, rest, script); };
  for (const CommandSpec& part : pathed.command->commands) {
    append(fmt::format(" -a {} -d {}", part.name, Quoted(part.help)));
  }
  if (pathed.path.empty()) append(" -a help -d 'Shows the help of a command'");
  for (const Parameter& parameter : pathed.command->parameters) {
    if (parameter.is_option()) continue;
    if (parameter.is_file) append(" -F");
    for (const std::string_view choice : parameter.choices) append(fmt::format(" -a {}", choice));
  }
  for (const Option& option : OptionsOf(*pathed.command)) append(Told(option));
}

}  // namespace

std::string FishCompletions(const CommandSpec& program) {
  const std::vector<PathedCommand> commands = AllCommands(program);
  std::string script(kBegin);
  std::vector<std::string> paths;
  std::vector<std::string> with_settings;
  for (const PathedCommand& each : commands) {
    if (!each.path.empty()) paths.push_back(Quoted(each.path));
    if (each.command->settings != nullptr) with_settings.push_back(fmt::format("'{}'", each.path));
  }
  script += fmt::format("            case {}\n{}", Joined(paths), kAfterPaths);
  for (const PathedCommand& each : commands) AppendCommand(each, script);
  script += fmt::format("set -l __tidemill_takes_settings {}\n",
                        Quoted(fmt::format("__tidemill_setting {}", Joined(with_settings))));
  for (const Option& option : SettingOptions()) {
    script += fmt::format("complete -c tidemill -n $__tidemill_takes_settings{}\n", Told(option));
  }
  return script;
}

}  // namespace tidemill::cli
