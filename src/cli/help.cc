#include "cli/help.h"

#include <fmt/format.h>

#include "cli/settings.h"

namespace tidemill::cli {
namespace {

void AppendRow(std::string& text, std::string_view left, std::string_view right) {
  text += fmt::format("  {:<28}{}\n", left, right);
}

// "--ttl TEXT=1h", "CHANNEL TEXT REQUIRED", "--json", "--api-key, --key TEXT".
std::string Form(const Parameter& parameter) {
  if (parameter.is_switch()) return std::string(parameter.name);
  std::string form(parameter.name);
  if (!parameter.also.empty()) form += fmt::format(", {}", parameter.also);
  form += " TEXT";
  if (parameter.is_list()) form += " ...";
  const auto* const* value = std::get_if<std::string*>(&parameter.value);
  if (value != nullptr && !(*value)->empty()) form += fmt::format("={}", **value);
  return form + (parameter.is_needed() ? " REQUIRED" : "");
}

std::string Usage(const CommandSpec& command, std::string_view path) {
  std::string usage = fmt::format("Usage: {} [OPTIONS]", path);
  if (!command.commands.empty()) usage += " SUBCOMMAND";
  for (const Parameter& parameter : command.parameters) {
    if (parameter.is_option()) continue;
    const std::string name = fmt::format("{}{}", parameter.name, parameter.is_list() ? "..." : "");
    usage += parameter.optional ? fmt::format(" [{}]", name) : fmt::format(" {}", name);
  }
  return usage;
}

enum class Kind : std::uint8_t { kPositional, kOption };

void AppendParameters(std::string& text, const std::vector<Parameter>& parameters, Kind kind) {
  for (const Parameter& parameter : parameters) {
    if (parameter.is_option() == (kind == Kind::kOption)) AppendRow(text, Form(parameter), parameter.help);
  }
}

}  // namespace

std::string HelpText(const CommandSpec& command, std::string_view path) {
  std::string text = fmt::format("{}\n{}\n\n", command.help, Usage(command, path));
  std::string positionals;
  AppendParameters(positionals, command.parameters, Kind::kPositional);
  if (!positionals.empty()) text += fmt::format("Positionals:\n{}\n", positionals);
  text += "Options:\n";
  AppendRow(text, "-h, --help", "Shows this help");
  AppendParameters(text, command.parameters, Kind::kOption);
  if (command.settings != nullptr) {
    AppendParameters(text, SettingsParameters(*command.settings), Kind::kOption);
  }
  if (!command.commands.empty()) text += "\nSubcommands:\n";
  for (const CommandSpec& part : command.commands) AppendRow(text, part.name, part.help);
  if (!command.examples.empty()) {
    text += fmt::format("\n{}{}", command.run ? "Examples:\n" : "", command.examples);
  }
  if (command.settings != nullptr) {
    text += "\nAny setting may be given as --key value; `tidemill config doc` lists them.\n";
  }
  return text;
}

}  // namespace tidemill::cli
