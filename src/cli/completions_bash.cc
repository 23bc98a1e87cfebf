#include "cli/completions_bash.h"

#include <fmt/format.h>

#include "cli/command_tree.h"

namespace tidemill::cli {
namespace {

// Bash gives "--key=value" as three words, and a word with ':' as several: only the last piece is completed.
constexpr std::string_view kBegin =
    R"(# Completions of tidemill for bash, made by `tidemill completions bash`.

_tidemill() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at='' word i
  local commands='' options='' settings='' values='' files=''
  COMPREPLY=()
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $i == 1 && $word == help ]]; then continue; fi
    case "$at $word" in
)";

constexpr std::string_view kEnd = R"(
  if [[ $cur == --?* ]]; then options+=" $settings"; fi
  if [[ $cur == -* ]]; then values=$options; else values=$commands; fi
  COMPREPLY=($(compgen -W "$values" -- "$cur"))
  if [[ -n $files && $cur != -* ]]; then
    compopt -o filenames
    COMPREPLY+=($(compgen -f -- "$cur"))
  fi
}
complete -F _tidemill tidemill
)";

// "' token'|' token create'"
std::string Alternatives(const std::vector<std::string>& texts) {
  std::string pattern;
  for (const std::string& text : texts) pattern += fmt::format("{}'{}'", pattern.empty() ? "" : "|", text);
  return pattern;
}

std::string Names(const std::vector<Option>& options) {
  std::vector<std::string> names;
  for (const Option& option : options) names.push_back(option.name);
  return Joined(names);
}

// The branch that completes the value of these options, which `words` name.
void AppendValues(const std::vector<std::string>& words, const Option& like, std::string& script) {
  if (words.empty()) return;
  script += fmt::format("    {})\n", Alternatives(words));
  if (like.is_file) {
    script += "      compopt -o filenames\n      COMPREPLY=($(compgen -f -- \"$cur\"))\n";
  } else if (!like.choices.empty()) {
    script += fmt::format("      COMPREPLY=($(compgen -W '{}' -- \"$cur\"))\n", Joined(like.choices));
  }
  script += "      return\n      ;;\n";
}

// After an option that takes a value comes the value.
std::string ValuesOfOptions(const std::vector<PathedCommand>& commands) {
  std::string script;
  std::vector<std::string> files;
  std::vector<std::string> others;
  for (const auto& [path, command] : commands) {
    for (const Option& option : OptionsOf(*command)) {
      if (!option.takes_value) continue;
      const std::string word = fmt::format("{} {}", path, option.name);
      if (option.choices.empty()) {
        (option.is_file ? files : others).push_back(word);
      } else {
        AppendValues({word}, option, script);
      }
    }
  }
  AppendValues(files, {.is_file = true}, script);
  AppendValues(others, {}, script);
  return script;
}

std::string ValuesOfSettings() {
  std::string script;
  std::vector<std::string> others;
  for (const Option& option : SettingOptions()) {
    if (option.choices.empty()) {
      others.push_back(option.name);
    } else if (option.choices.front() != "true") {  // a switch needs no value
      AppendValues({option.name}, option, script);
    }
  }
  AppendValues(others, {}, script);
  return script;
}

// What the command itself takes.
std::string Branch(const PathedCommand& pathed, std::string_view settings) {
  const CommandSpec& command = *pathed.command;
  std::vector<std::string> words;
  for (const CommandSpec& part : command.commands) words.emplace_back(part.name);
  if (pathed.path.empty()) words.emplace_back("help");
  bool files = false;
  for (const Parameter& parameter : command.parameters) {
    if (parameter.is_option()) continue;
    files = files || parameter.is_file;
    words.insert(words.end(), parameter.choices.begin(), parameter.choices.end());
  }
  std::string branch = fmt::format("    '{}')\n", pathed.path);
  if (!words.empty()) branch += fmt::format("      commands='{}'\n", Joined(words));
  branch += fmt::format("      options='{}'\n", Names(OptionsOf(command)));
  if (command.settings != nullptr) branch += fmt::format("      settings={}\n", settings);
  if (files) branch += "      files=1\n";
  return branch + "      ;;\n";
}

}  // namespace

std::string BashCompletions(const CommandSpec& program) {
  const std::vector<PathedCommand> commands = AllCommands(program);
  std::vector<std::string> paths;
  for (const PathedCommand& each : commands) {
    if (!each.path.empty()) paths.push_back(each.path);
  }
  std::string script(kBegin);
  script += fmt::format("      {}) at=\"$at $word\" ;;\n    esac\n  done\n", Alternatives(paths));
  script += fmt::format("  case \"$at $prev\" in\n{}  esac\n", ValuesOfOptions(commands));
  script += fmt::format("  case \"$prev\" in\n{}  esac\n", ValuesOfSettings());
  script += fmt::format("  local all_settings='{}'\n", Names(SettingOptions()));
  script += "  case \"$at\" in\n";
  for (const PathedCommand& each : commands) script += Branch(each, "$all_settings");
  return script + "  esac" + std::string(kEnd);
}

}  // namespace tidemill::cli
