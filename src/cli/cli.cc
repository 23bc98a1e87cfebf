#include "cli/cli.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/config.h"
#include "cli/doctor.h"
#include "cli/grammar.h"
#include "cli/help.h"
#include "cli/publish.h"
#include "cli/tail.h"
#include "cli/token.h"
#include "cli/version.h"

namespace tidemill::cli {
namespace {

CommandSpec Program(const ServeFunction& serve) {
  return {
      .name = "tidemill",
      .help = "A realtime server: publish over HTTP, receive over WebSocket.",
      .examples = "`tidemill <command> --help` shows examples. To begin: tidemill serve --dev\n",
      .commands = {ServeCommand(serve), TokenCommand(), PublishCommand(), TailCommand(), ConfigCommand(),
                   DoctorCommand(), VersionCommand()},
  };
}

}  // namespace

int Run(std::vector<std::string> arguments, const ServeFunction& serve, Io io) {
  const CommandSpec program = Program(serve);
  if (arguments.empty()) {
    fmt::print(io.err, "{}", HelpText(program, program.name));
    return kMisused;
  }
  if (arguments.front() == "--version") arguments.front() = "version";
  const Result<Invocation> invocation = Parse(program, arguments);
  if (!invocation) return Misused(io, invocation.error().detail);
  if (!invocation->help) return invocation->command->run(io);
  fmt::print(io.out, "{}", HelpText(*invocation->command, invocation->path));
  return kDone;
}

int Run(int argc, char** argv, ServeFunction serve) {
  return Run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc), serve, {});
}

}  // namespace tidemill::cli
