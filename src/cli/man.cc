#include "cli/man.h"

#include <fmt/format.h>

#include <utility>

#include "base/utf8.h"
#include "cli/build_facts.h"
#include "cli/command_tree.h"
#include "cli/help.h"
#include "cli/settings.h"

namespace tidemill::cli {
namespace {

constexpr std::string_view kEnvironment = R"(.SH ENVIRONMENT
.TP
.B TIDEMILL_CONFIG
The file of settings, where
.B \-\-config
is not given.
.TP
.BI TIDEMILL_ SETTING
A setting, in capitals with
.B _
for each dot: TIDEMILL_CLIENT_PING_INTERVAL is client.ping_interval.
Flags go before the environment, the environment before the file.
.TP
.B SSL_CERT_FILE
The authorities to trust, in PEM, instead of the system's.
.TP
.B XDG_RUNTIME_DIR
Where
.B serve \-\-dev
leaves its keys for the other commands of the same user.
)";

constexpr std::string_view kFiles = R"(.SH FILES
.TP
.I /etc/tidemill/tidemill.toml
What the service of the Debian package reads.
.SH SIGNALS
.TP
.B SIGHUP
.B serve
reads its settings again.
.TP
.BR SIGTERM ", " SIGINT
.B serve
sends its clients away and ends.
.SH SEE ALSO
.BR systemctl (1),
.BR redis\-server (1)
)";

std::uint32_t CodePoint(std::string_view character) {
  std::uint32_t point = static_cast<unsigned char>(character[0]) & (0x7Fu >> character.size());
  for (const char c : character.substr(1)) point = (point << 6) | (static_cast<unsigned char>(c) & 0x3Fu);
  return point;
}

// Text as roff reads it: no escapes, no requests at the begin of a line, and hyphens that can be copied.
std::string Roff(std::string_view text) {
  std::string out;
  bool begins_line = true;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(Utf8SequenceLength(text), 1);
    const std::string_view character = text.substr(0, length);
    const char c = character[0];
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    if (length > 1) {
      out += fmt::format("\\[u{:04X}]", CodePoint(character));
    } else if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '`') {
      out += "\\(ga";
    } else if (c == '^') {
      out += "\\(ha";
    } else if (c == '~') {
      out += "\\(ti";
    } else {
      out += c;
    }
    begins_line = c == '\n';
    text.remove_prefix(length);
  }
  return out;
}

std::string Bold(std::string_view text) { return fmt::format("\\fB{}\\fR", Roff(text)); }
std::string Italic(std::string_view text) { return fmt::format("\\fI{}\\fR", Roff(text)); }

std::string Term(const Parameter& parameter) {
  if (!parameter.is_option()) return Italic(parameter.name);
  std::string term = Bold(parameter.name);
  if (!parameter.also.empty()) term += fmt::format(", {}", Bold(parameter.also));
  if (parameter.is_switch()) return term;
  term += fmt::format(" {}", Italic("TEXT"));
  if (parameter.is_list()) term += " ...";
  if (parameter.required) term += " (required)";
  const auto* const* value = std::get_if<std::string*>(&parameter.value);
  return value == nullptr || (*value)->empty() ? term : fmt::format("{} (else {})", term, Roff(**value));
}

void AppendParameters(const std::vector<Parameter>& parameters, std::string& page) {
  for (const Parameter& parameter : parameters) {
    page += fmt::format(".TP\n{}\n{}\n", Term(parameter), Roff(parameter.help));
  }
}

void AppendExamples(std::string_view examples, std::string& page) {
  while (!examples.empty()) {
    const std::size_t end = examples.find('\n');
    std::string_view line = examples.substr(0, end);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    page += fmt::format("{}\n", Roff(line));
    examples.remove_prefix(end == examples.npos ? examples.size() : end + 1);
  }
}

// "tidemill publish [OPTIONS] CHANNEL DATA"
std::string Synopsis(const PathedCommand& pathed) {
  std::string line = fmt::format("{} [{}]", Bold("tidemill" + pathed.path), Italic("OPTIONS"));
  for (const Parameter& parameter : pathed.command->parameters) {
    if (parameter.is_option()) continue;
    const std::string name = Italic(parameter.name) + (parameter.is_list() ? "..." : "");
    line += parameter.optional ? fmt::format(" [{}]", name) : fmt::format(" {}", name);
  }
  return line;
}

void AppendCommand(const PathedCommand& pathed, std::string& page) {
  const CommandSpec& command = *pathed.command;
  page += fmt::format(".SS {}\n{}\n.PP\n{}.\n", Roff(std::string_view(pathed.path).substr(1)),
                      Synopsis(pathed), Roff(command.help));
  AppendParameters(command.parameters, page);
  if (command.settings != nullptr) page += ".PP\nIt takes settings.\n";
  if (command.examples.empty()) return;
  page += ".PP\n.RS\n.nf\n";
  AppendExamples(command.examples, page);
  page += ".fi\n.RE\n";
}

}  // namespace

std::string ManPage(const CommandSpec& program) {
  std::string page =
      fmt::format(".TH TIDEMILL 1 \"{}\" \"Tidemill {}\" \"User Commands\"\n", kCommitDate, kVersion);
  page += fmt::format(".SH NAME\ntidemill \\- {}\n",
                      Roff("realtime server: publish over HTTP, receive over WebSocket"));
  page += fmt::format(".SH SYNOPSIS\n{} {} [{}]\n", Bold("tidemill"), Italic("COMMAND"), Italic("OPTIONS"));
  page +=
      ".SH DESCRIPTION\nClients follow channels over WebSocket, in the Centrifuge protocol; backends publish "
      "to them "
      "over HTTP.\n.B tidemill serve \\-\\-dev\nis a server to begin with.\n";
  page += fmt::format(".PP\n{} or {} shows the help of a command.\n", Bold("tidemill help COMMAND"),
                      Bold("\\fIcommand\\fB --help"));
  page += ".SH COMMANDS\n";
  for (const PathedCommand& each : AllCommands(program)) {
    if (each.command->run) AppendCommand(each, page);
  }
  page += ".SH SETTINGS\nCommands that take settings have these options:\n";
  SettingsOptions options;
  AppendParameters(SettingsParameters(options), page);
  page += fmt::format(".TP\n{} {}\nAny setting; {} prints them all.\n", Bold("--some.setting"),
                      Italic("VALUE"), Bold("tidemill config doc"));
  page += ".SH EXIT STATUS\n";
  for (const ExitCode& code : kExitCodes)
    page += fmt::format(".TP\n.B {}\n{}\n", code.code, Roff(code.meaning));
  return page.append(kEnvironment).append(kFiles);
}

CommandSpec ManCommand(std::function<CommandSpec()> program) {
  return {.name = "man",
          .help = "Prints the manual page",
          .examples = "  tidemill man > tidemill.1\n",
          .run = [program = std::move(program)](Io io) {
            Print(io, ManPage(program()));
            return kDone;
          }};
}

}  // namespace tidemill::cli
