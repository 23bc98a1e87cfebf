#include "cli/disconnect.h"

#include <charconv>
#include <cstdint>
#include <memory>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/target.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  Target target;
  std::string code;    // of the close; "": the server's
  std::string reason;  // the same
};

int Disconnect(const Options& options, Io io) {
  std::uint32_t code = 0;
  const char* const end = options.code.data() + options.code.size();
  if (std::from_chars(options.code.data(), end, code).ptr != end) {
    return Misused(io, "--code: not a number; write one from 3000 to 4999");
  }
  const auto write_rest = [&options, code](JsonWriter& json) {
    if (options.code.empty() && options.reason.empty()) return;
    json.Key("disconnect");
    json.BeginObject();
    if (!options.code.empty()) json.Member("code", code);
    if (!options.reason.empty()) json.Member("reason", options.reason);
    json.EndObject();
  };
  return ActOn(options.target, options.api, "disconnect", write_rest, "disconnected", io);
}

}  // namespace

CommandSpec DisconnectCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "disconnect",
          .help = "Closes a user's connections",
          .examples =
              "  tidemill disconnect 42\n"
              "  tidemill disconnect 42 --code 4100 --reason banned "
              "--config tidemill.toml\n",
          .parameters = WithApiParameters(
              WithTarget(options->target, {{"--code", &options->code,
                                            "Of the close, 3000 … 4999; from 3500 to 3999 and from 4500 "
                                            "on, clients do not come back; else 3503"},
                                           {"--reason", &options->reason, "Of the close"}}),
              options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Disconnect(*options, io); }};
}

}  // namespace tidemill::cli
