#include "cli/cli.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/accounts.h"
#include "cli/backup.h"
#include "cli/broadcast.h"
#include "cli/channels.h"
#include "cli/codes.h"
#include "cli/completions.h"
#include "cli/config.h"
#include "cli/disconnect.h"
#include "cli/doctor.h"
#include "cli/grammar.h"
#include "cli/help.h"
#include "cli/history.h"
#include "cli/info.h"
#include "cli/init.h"
#include "cli/jobs/jobs.h"
#include "cli/live.h"
#include "cli/man.h"
#include "cli/outbox/outbox.h"
#include "cli/presence.h"
#include "cli/publish.h"
#include "cli/queries/migrate.h"
#include "cli/queries/new_sql.h"
#include "cli/queries/queries.h"
#include "cli/refresh.h"
#include "cli/schema.h"
#include "cli/subscribe.h"
#include "cli/tail.h"
#include "cli/token.h"
#include "cli/top.h"
#include "cli/unsubscribe.h"
#include "cli/version.h"

namespace tidemill::cli {
namespace {

std::string LastLines() {
  std::string lines =
      "`tidemill <command> --help` shows examples. To begin: tidemill serve --dev\n\nExit codes:\n";
  for (const ExitCode& code : kExitCodes) lines += fmt::format("  {}  {}\n", code.code, code.meaning);
  return lines;
}

CommandSpec Program(const Wiring& wiring) {
  static const std::string last_lines = LastLines();
  const auto program = [wiring] { return Program(wiring); };
  return {
      .name = "tidemill",
      .help = "A realtime server: publish over HTTP, receive over WebSocket.",
      .examples = last_lines,
      .commands = {InitCommand(),
                   NewCommand(),
                   ServeCommand(wiring.serve),
                   TokenCommand(),
                   PublishCommand(),
                   BroadcastCommand(),
                   TailCommand(),
                   LiveCommand(),
                   InfoCommand(),
                   TopCommand(),
                   ChannelsCommand(),
                   PresenceCommand(),
                   HistoryCommand(),
                   SubscribeCommand(),
                   UnsubscribeCommand(),
                   RefreshCommand(),
                   DisconnectCommand(),
                   CodesCommand(),
                   ConfigCommand(),
                   QueriesCommand(),
                   MigrateCommand(),
                   JobsCommand(),
                   OutboxCommand(),
                   AccountsCommand(),
                   SchemaCommand(wiring.schemas),
                   DoctorCommand(),
                   BackupCommand(),
                   CompletionsCommand(program),
                   ManCommand(program),
                   VersionCommand()},
  };
}

// The exit code, or kFailed when the output was lost: a script must not take half of it for the whole. A
// reader that closed the pipe had enough.
int CheckOutput(Io io, int code) {
  if (code != kDone) return code;
  const bool failed = std::ferror(io.out) != 0;
  errno = 0;
  if (std::fflush(io.out) == 0 && !failed) return code;
  if (errno == EPIPE) return code;
  return Failed(
      io, fmt::format("standard output: {}", errno == 0 ? "it could not be written" : std::strerror(errno)));
}

}  // namespace

int Run(std::vector<std::string> arguments, const Wiring& wiring, Io io) {
  const CommandSpec program = Program(wiring);
  if (arguments.empty()) {
    PrintError(io, HelpText(program, program.name));
    return kMisused;
  }
  if (arguments.front() == "--version" || arguments.front() == "-v") arguments.front() = "version";
  const Result<Invocation> invocation = Parse(program, arguments);
  if (!invocation) return Misused(io, invocation.error().detail);
  if (!invocation->help) return CheckOutput(io, invocation->command->run(io));
  Print(io, HelpText(*invocation->command, invocation->path));
  return CheckOutput(io, kDone);
}

int Run(int argc, char** argv, const Wiring& wiring) {
  return Run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc), wiring, {});
}

}  // namespace tidemill::cli
