#include "cli/grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/nearest.h"
#include "cli/settings.h"

namespace tidemill::cli {
namespace {

using Words = std::span<const std::string>;

constexpr std::string_view kHelp = "--help";

std::unexpected<Error> Wrong(std::string message) { return Fail(Errc::kInvalidArgument, std::move(message)); }

std::string Try(std::string_view path) { return fmt::format("\nTry: {} --help", path); }

std::string DidYouMean(std::string_view text, std::span<const std::string> names) {
  const std::optional<std::string> nearest = Nearest(text, names);
  return nearest ? fmt::format("; did you mean {}?", *nearest) : "";
}

// One argument that starts with "--": "--name", or "--name=value".
struct Flag {
  explicit Flag(std::string_view word) : name(word.substr(0, word.find('='))) {
    if (name.size() < word.size()) value = word.substr(name.size() + 1);
  }

  std::string name;
  std::optional<std::string> value;
};

// The arguments of one command, without its name.
class Reader {
 public:
  Reader(const CommandSpec& command, std::string_view path, Words words)
      : command_(command), path_(path), words_(words), parameters_(command.parameters) {
    if (command.settings == nullptr) return;
    for (const Parameter& parameter : SettingsParameters(*command.settings)) parameters_.push_back(parameter);
  }

  Result<void> Read() {
    bool options_ended = false;
    while (!words_.empty()) {
      const std::string word = Take();
      if (options_ended || !word.starts_with("--")) {
        TM_TRY(ReadPositional(word, options_ended));
      } else if (word.size() == 2) {
        options_ended = true;
      } else {
        TM_TRY(ReadFlag(Flag(word)));
      }
    }
    TM_TRY(CheckRequired());
    return command_.settings == nullptr ? Result<void>() : Check(*command_.settings);
  }

 private:
  std::string Take() {
    std::string word = words_.front();
    words_ = words_.subspan(1);
    return word;
  }

  Result<void> CheckChoice(const Parameter& parameter, std::string_view value) const {
    const auto& choices = parameter.choices;
    if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return {};
    const std::vector<std::string> names(choices.begin(), choices.end());
    return Wrong(fmt::format("{}: there is no \"{}\"{}; accepted: {}{}", parameter.name, value,
                             DidYouMean(value, names), fmt::join(choices, ", "), Try(path_)));
  }

  const Parameter* NextPositional() const {
    const auto found = std::ranges::find_if(parameters_, [this](const Parameter& parameter) {
      return !parameter.is_option() && (parameter.is_list() || !given_.contains(parameter.name));
    });
    return found == parameters_.end() ? nullptr : &*found;
  }

  // "-" and "-1" are values, "-x" is a mistake.
  static bool LooksLikeOption(std::string_view word) {
    return word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9');
  }

  Result<void> ReadPositional(const std::string& word, bool options_ended) {
    const Parameter* parameter = NextPositional();
    if (parameter == nullptr || (!options_ended && LooksLikeOption(word))) {
      if (command_.settings == nullptr) return Wrong(fmt::format("unexpected \"{}\"{}", word, Try(path_)));
      return Wrong(fmt::format("unexpected \"{}\"; settings are given as --key value", word));
    }
    given_.insert(parameter->name);
    if (parameter->is_list()) {
      std::get<std::vector<std::string>*>(parameter->value)->push_back(word);
      return {};
    }
    *std::get<std::string*>(parameter->value) = word;
    return CheckChoice(*parameter, word);
  }

  Result<void> ReadFlag(Flag flag) {
    for (const Parameter& parameter : parameters_) {
      if (parameter.name == flag.name || parameter.also == flag.name) {
        return ReadOption(parameter, std::move(flag));
      }
    }
    if (command_.settings == nullptr) {
      const std::string hint = DidYouMean(flag.name, OwnOptions());
      return Wrong(fmt::format("{}: unknown{}{}", flag.name, hint, Try(path_)));
    }
    return ReadSetting(std::move(flag));
  }

  Result<void> ReadOption(const Parameter& parameter, Flag flag) {
    if (!given_.insert(parameter.name).second && !parameter.is_list()) {
      return Wrong(fmt::format("{}: given twice{}", flag.name, Try(path_)));
    }
    if (parameter.is_list()) {
      TM_TRY_ASSIGN(std::string value, ValueOf(flag));
      std::get<std::vector<std::string>*>(parameter.value)->push_back(std::move(value));
      return {};
    }
    if (bool* const* on = std::get_if<bool*>(&parameter.value)) {
      if (flag.value && *flag.value != "true" && *flag.value != "false") {
        return Wrong(fmt::format("{}: takes no value{}", flag.name, Try(path_)));
      }
      **on = flag.value != "false";
      return {};
    }
    TM_TRY_ASSIGN(*std::get<std::string*>(parameter.value), ValueOf(flag));
    return CheckChoice(parameter, *std::get<std::string*>(parameter.value));
  }

  Result<void> ReadSetting(Flag flag) {
    const std::string key = flag.name.substr(2);
    const SettingKind kind = KindOfSetting(key);
    if (kind == SettingKind::kUnknown && !key.contains('.')) {
      const std::string hint = DidYouMean(flag.name, OwnOptions());
      return Wrong(fmt::format("{}: {}", flag.name, hint.empty() ? WhyNoSetting(key) : "unknown" + hint));
    }
    if (!flag.value && TakesNextWord(kind)) flag.value = Take();
    if (!flag.value && kind == SettingKind::kValue) return Wrong(fmt::format("{}: needs a value", flag.name));
    command_.settings->flags.emplace_back(key, flag.value.value_or("true"));
    return {};
  }

  // Whether the next word is the value of a setting of this kind.
  bool TakesNextWord(SettingKind kind) const {
    if (words_.empty() || words_.front().starts_with("--")) return false;
    if (kind != SettingKind::kSwitch) return true;
    return words_.front() == "true" || words_.front() == "false" || NextPositional() == nullptr;
  }

  Result<std::string> ValueOf(const Flag& flag) {
    if (flag.value) return *flag.value;
    if (words_.empty() || words_.front().starts_with("--")) {
      return Wrong(fmt::format("{}: needs a value{}", flag.name, Try(path_)));
    }
    return Take();
  }

  std::vector<std::string> OwnOptions() const {
    std::vector<std::string> names = {std::string(kHelp)};
    for (const Parameter& parameter : parameters_) {
      if (parameter.is_option()) names.emplace_back(parameter.name);
      if (!parameter.also.empty()) names.emplace_back(parameter.also);
    }
    return names;
  }

  Result<void> CheckRequired() const {
    for (const Parameter& parameter : parameters_) {
      if (parameter.is_needed() && !given_.contains(parameter.name)) {
        return Wrong(fmt::format("{} is required{}", parameter.name, Try(path_)));
      }
    }
    return {};
  }

  const CommandSpec& command_;
  const std::string_view path_;
  Words words_;
  std::vector<Parameter> parameters_;  // also those of settings
  std::set<std::string_view> given_;
};

// Whether a word before "--" asks for help.
bool AsksForHelp(Words words) {
  const Words options = words.first(static_cast<std::size_t>(std::ranges::find(words, "--") - words.begin()));
  return std::ranges::any_of(options, [](const std::string& word) { return word == kHelp || word == "-h"; });
}

// Goes from the program to the command that the first words name; they leave `words`.
Result<Invocation> Find(const CommandSpec& program, Words& words) {
  Invocation found{.command = &program, .path = std::string(program.name)};
  while (!found.command->commands.empty() && !words.empty() && !words.front().starts_with('-')) {
    const std::vector<CommandSpec>& commands = found.command->commands;
    const auto next = std::ranges::find(commands, words.front(), &CommandSpec::name);
    if (next == commands.end()) {
      std::vector<std::string> names;
      for (const CommandSpec& command : commands) names.emplace_back(command.name);
      return Wrong(fmt::format("no command \"{}\"{}{}", words.front(), DidYouMean(words.front(), names),
                               Try(found.path)));
    }
    found.command = &*next;
    found.path += fmt::format(" {}", next->name);
    words = words.subspan(1);
  }
  return found;
}

}  // namespace

Result<Invocation> Parse(const CommandSpec& program, std::span<const std::string> arguments) {
  const bool help = !arguments.empty() && arguments.front() == "help";
  if (help) arguments = arguments.subspan(1);
  TM_TRY_ASSIGN(Invocation found, Find(program, arguments));
  found.help = help || AsksForHelp(arguments);
  if (found.help) return found;
  if (!found.command->run) {
    if (arguments.empty()) return Wrong(fmt::format("A subcommand is required{}", Try(found.path)));
    return Wrong(fmt::format("{}: options come after the command{}", arguments.front(), Try(found.path)));
  }
  TM_TRY(Reader(*found.command, found.path, arguments).Read());
  return found;
}

}  // namespace tidemill::cli
