// CommandSpec: one command of the program as a value: its name, what it takes, what it does.
//
// Each command is one file that exports its spec; cli.cc lists them. grammar.h reads arguments by the specs,
// help.h makes the help texts from them.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tidemill::cli {

struct SettingsOptions;  // cli/settings.h

// Where a command writes: results to `out`, everything else to `err`.
struct Io {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
};

// Exit codes of every command.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kMisused = 2;  // the command line was wrong

// The same, as help and manual say it.
struct ExitCode {
  int code;
  std::string_view meaning;
};
inline constexpr ExitCode kExitCodes[] = {
    {kDone, "Done. Of serve: it was asked to end, and has."},
    {kFailed, "Failed, or found what is wrong: standard error says what."},
    {kMisused, "The command line is wrong, or serve cannot use its settings."},
};

// Write to `io.out` and `io.err`. What cannot be written is noted in the stream: cli.cc looks at `io.out`
// when the command has ended.
void Print(Io io, std::string_view text);
void PrintError(Io io, std::string_view text);

// Writes "tidemill: message" and gives the code. The message may have several lines.
int Failed(Io io, std::string_view message);
int Misused(Io io, std::string_view message);

// What a command takes: an option when the name starts with "--", else a positional argument, which is
// required unless `optional`.
struct Parameter {
  std::string_view name;  // "--url", "CHANNEL"
  // Written by the grammar. A bool is a switch, which takes no value. A list is an option that may be given
  // several times, or takes all positional arguments that are left.
  std::variant<bool*, std::string*, std::vector<std::string>*> value;
  std::string_view help;
  bool required = false;       // of an option
  bool optional = false;       // of a positional argument: without it the value stays as it is
  std::string_view also = {};  // another name of an option
  std::vector<std::string_view> choices = {};  // the values there are; {}: any
  bool is_file = false;                        // the value is the path of a file

  bool is_option() const { return name.starts_with("--"); }
  bool is_needed() const { return is_option() ? required : !optional; }
  bool is_list() const { return std::holds_alternative<std::vector<std::string>*>(value); }
  bool is_switch() const { return std::holds_alternative<bool*>(value); }
};

struct CommandSpec {
  std::string_view name;           // "publish"
  std::string_view help;           // one line
  std::string_view examples = {};  // whole lines of the help; of a group: the lines below its commands
  std::vector<Parameter> parameters = {};
  // Where the settings among the arguments go; null: the command takes none. It and the values of the
  // parameters point into what `run` owns.
  SettingsOptions* settings = nullptr;
  std::function<int(Io)> run = nullptr;    // gives an exit code; null: this is a group of commands
  std::vector<CommandSpec> commands = {};  // of a group
};

}  // namespace tidemill::cli
