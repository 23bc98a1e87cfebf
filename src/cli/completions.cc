#include "cli/completions.h"

#include <memory>
#include <string>
#include <utility>

#include "cli/completions_bash.h"
#include "cli/completions_fish.h"
#include "cli/completions_zsh.h"

namespace tidemill::cli {
namespace {

int Completions(const CommandSpec& program, const std::string& shell, Io io) {
  if (shell == "bash") Print(io, BashCompletions(program));
  if (shell == "zsh") Print(io, ZshCompletions(program));
  if (shell == "fish") Print(io, FishCompletions(program));
  return kDone;
}

}  // namespace

CommandSpec CompletionsCommand(std::function<CommandSpec()> program) {
  const auto shell = std::make_shared<std::string>();
  return {.name = "completions",
          .help = "Prints a script that completes commands and options in a shell",
          .examples =
              "  source <(tidemill completions bash)\n"
              "  tidemill completions zsh > _tidemill          # into a folder of $fpath\n"
              "  tidemill completions fish > tidemill.fish     # into ~/.config/fish/completions\n",
          .parameters = {{.name = "SHELL",
                          .value = shell.get(),
                          .help = "bash, zsh or fish",
                          .choices = {"bash", "zsh", "fish"}}},
          .run = [shell, program = std::move(program)](Io io) { return Completions(program(), *shell, io); }};
}

}  // namespace tidemill::cli
