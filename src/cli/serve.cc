#include "cli/serve.h"

#include <cstdio>
#include <memory>
#include <utility>

#include "cli/settings.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  bool dev = false;
};

}  // namespace

CommandSpec ServeCommand(ServeFunction serve) {
  const auto options = std::make_shared<Options>();
  return {
      .name = "serve",
      .help = "Runs the server",
      .examples =
          "  tidemill serve --dev\n"
          "  tidemill serve --config tidemill.toml\n"
          "  tidemill serve --http_server.listen :8000 --client.insecure\n",
      .parameters = {{"--dev", &options->dev, "Serves this machine only, with made-up keys and a demo page"}},
      .settings = &options->settings,
      .run =
          [options, run = std::move(serve)](Io io) {
            const int code = run({.sources = MakeSources(options->settings), .dev = options->dev});
            std::clearerr(io.out);  // the work of a server is not its output
            return code;
          },
  };
}

}  // namespace tidemill::cli
