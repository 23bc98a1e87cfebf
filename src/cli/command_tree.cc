#include "cli/command_tree.h"

#include <fmt/format.h>

#include "cli/settings.h"
#include "config/schema.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

void Append(const CommandSpec& command, const std::string& path, std::vector<PathedCommand>& all) {
  all.push_back({.path = path, .command = &command});
  for (const CommandSpec& part : command.commands) Append(part, fmt::format("{} {}", path, part.name), all);
}

void Append(const Parameter& parameter, std::vector<Option>& options) {
  if (!parameter.is_option()) return;
  Option option{.name = std::string(parameter.name),
                .help = std::string(parameter.help),
                .takes_value = !parameter.is_switch(),
                .is_file = parameter.is_file,
                .choices = {parameter.choices.begin(), parameter.choices.end()}};
  options.push_back(option);
  if (parameter.also.empty()) return;
  option.name = parameter.also;
  options.push_back(std::move(option));
}

}  // namespace

std::vector<PathedCommand> AllCommands(const CommandSpec& program) {
  std::vector<PathedCommand> all;
  Append(program, "", all);
  return all;
}

std::vector<Option> OptionsOf(const CommandSpec& command) {
  std::vector<Option> options = {{.name = "--help", .help = "Shows this help", .takes_value = false}};
  for (const Parameter& parameter : command.parameters) Append(parameter, options);
  if (command.settings != nullptr) {
    for (const Parameter& parameter : SettingsParameters(*command.settings)) Append(parameter, options);
  }
  return options;
}

std::vector<Option> SettingOptions() {
  std::vector<Option> options;
  for (const config::Key& key : settings::AllSections().keys()) {
    if (key.facts.shown == config::Shown::kNo) continue;
    Option option{.name = "--" + key.name, .help = std::string(key.facts.doc)};
    for (const std::string_view choice : key.facts.choices) {
      if (!choice.empty()) option.choices.emplace_back(choice);
    }
    if (config::TypeName(key) == "boolean") option.choices = {"true", "false"};
    options.push_back(std::move(option));
  }
  return options;
}

std::string Joined(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

std::string Replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from)) {
    out.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  return out.append(text);
}

}  // namespace tidemill::cli
