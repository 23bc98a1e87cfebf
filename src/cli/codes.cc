#include "cli/codes.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/json_writer.h"
#include "cli/code_meanings.h"
#include "realtime/protocol/codes.h"

namespace tidemill::cli {
namespace {

struct Options {
  std::string code;
  bool json = false;
  bool markdown = false;
};

template <class Code>
std::string_view TextIn(std::span<const Code> codes, std::string_view Code::* text, std::uint32_t code) {
  const auto found = std::ranges::find(codes, code, &Code::code);
  return found == codes.end() ? std::string_view() : (*found).*text;
}

std::string_view TextOf(std::uint32_t code) {
  if (code < 2000) return TextIn(protocol::AllErrorCodes(), &protocol::ErrorCode::message, code);
  if (code < 3000) return TextIn(protocol::AllUnsubscribeCodes(), &protocol::UnsubscribeCode::reason, code);
  return TextIn(protocol::AllDisconnectCodes(), &protocol::DisconnectCode::reason, code);
}

void PrintOne(const CodeMeaning& each, bool json, Io io) {
  if (!json) {
    Print(io, fmt::format("{}  {}\n      {}\n", each.code, TextOf(each.code), each.meaning));
    if (!each.next.empty()) Print(io, fmt::format("      {}\n", each.next));
    return;
  }
  std::string line;
  JsonWriter writer(line);
  writer.BeginObject();
  writer.Member("code", each.code);
  writer.Member("text", TextOf(each.code));
  writer.Member("meaning", each.meaning);
  writer.Member("next", each.next);
  writer.EndObject();
  Print(io, line + "\n");
}

int PrintCodes(const Options& options, Io io) {
  if (options.markdown) {
    Print(io, CodesAsMarkdown());
    return kDone;
  }
  bool found = false;
  for (const CodeMeaning& each : AllCodeMeanings()) {
    if (!options.code.empty() && options.code != fmt::to_string(each.code)) continue;
    found = true;
    PrintOne(each, options.json, io);
  }
  if (found) return kDone;
  return Misused(io,
                 fmt::format("{}: no code of this server; `tidemill codes` lists them. 1000 to 2999 at the "
                             "end of a connection come from WebSocket (RFC 6455), 4000 to 4999 from your "
                             "backend.",
                             options.code));
}

}  // namespace

CommandSpec CodesCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "codes",
          .help = "Explains the error and disconnect codes that clients see",
          .examples =
              "  tidemill codes\n"
              "  tidemill codes 3500\n",
          .parameters = {{.name = "CODE", .value = &options->code, .help = "One of them", .optional = true},
                         {"--json", &options->json, "Prints a line of JSON for each"},
                         {"--markdown", &options->markdown, "Prints a page with all of them"}},
          .run = [options](Io io) { return PrintCodes(*options, io); }};
}

}  // namespace tidemill::cli
