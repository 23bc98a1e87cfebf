#include "cli/help.h"

#include <gtest/gtest.h>

#include "cli/settings.h"

namespace tidemill::cli {
namespace {

TEST(Help, ShowsWhatTheCommandTakes) {
  std::string channel;
  std::string ttl = "1h";
  std::string user;
  bool json = false;
  SettingsOptions settings;
  const CommandSpec command{
      .name = "follow",
      .help = "Follows a channel",
      .examples = "  tm follow news\n",
      .parameters = {{"CHANNEL", &channel, "The channel"},
                     {"--json", &json, "Prints JSON"},
                     {"--ttl", &ttl, "How long"},
                     {.name = "--user", .value = &user, .help = "Who", .required = true}},
      .settings = &settings,
      .run = [](Io) { return kDone; },
  };
  EXPECT_EQ(HelpText(command, "tm follow"),
            "Follows a channel\n"
            "Usage: tm follow [OPTIONS] CHANNEL\n"
            "\n"
            "Positionals:\n"
            "  CHANNEL TEXT REQUIRED       The channel\n"
            "\n"
            "Options:\n"
            "  -h, --help                  Shows this help\n"
            "  --json                      Prints JSON\n"
            "  --ttl TEXT=1h               How long\n"
            "  --user TEXT REQUIRED        Who\n"
            "  --config TEXT               TOML file with settings (also TIDEMILL_CONFIG)\n"
            "  --port TEXT                 Short for --http_server.listen 127.0.0.1:PORT\n"
            "\n"
            "Examples:\n"
            "  tm follow news\n"
            "\n"
            "Any setting may be given as --key value; `tidemill config doc` lists them.\n");
}

TEST(Help, ListsTheCommandsOfAGroup) {
  const CommandSpec group{.name = "tm",
                          .help = "A program",
                          .examples = "Begin somewhere\n",
                          .commands = {{.name = "one", .help = "First"}, {.name = "two", .help = "Second"}}};
  EXPECT_EQ(HelpText(group, "tm"),
            "A program\n"
            "Usage: tm [OPTIONS] SUBCOMMAND\n"
            "\n"
            "Options:\n"
            "  -h, --help                  Shows this help\n"
            "\n"
            "Subcommands:\n"
            "  one                         First\n"
            "  two                         Second\n"
            "\n"
            "Begin somewhere\n");
}

}  // namespace
}  // namespace tidemill::cli
