#include "cli/grammar.h"

#include <gtest/gtest.h>

#include "cli/settings.h"

namespace tidemill::cli {
namespace {

using Arguments = std::vector<std::string>;

// A small program: a command with everything, one without settings, and a group.
struct Program {
  std::string channel, data, url, shell;
  std::vector<std::string> channels, tags;
  bool json = false;
  SettingsOptions settings;
  CommandSpec spec;

  Program() {
    const auto run = [](Io) { return kDone; };
    const CommandSpec send{
        .name = "send",
        .help = "Sends",
        .parameters = {{"CHANNEL", &channel, ""},
                       {"DATA", &data, ""},
                       {.name = "--url", .value = &url, .help = "", .required = true, .also = "--server"},
                       {"--json", &json, ""}},
        .settings = &settings,
        .run = run,
    };
    const CommandSpec version{
        .name = "version", .help = "Prints", .parameters = {{"--json", &json, ""}}, .run = run};
    const CommandSpec check{.name = "check", .help = "Checks", .settings = &settings, .run = run};
    const CommandSpec many{
        .name = "many",
        .help = "Sends to many",
        .parameters = {{"DATA", &data, ""},
                       {"CHANNEL", &channels, ""},
                       {.name = "--tag", .value = &tags, .help = ""},
                       {.name = "--shell", .value = &shell, .help = "", .choices = {"bash", "zsh"}}},
        .run = run};
    spec = {.name = "tm",
            .help = "A program",
            .commands = {send, many, version, {.name = "config", .help = "A group", .commands = {check}}}};
  }
};

// "tm send channel=a data=b url=c json file=f loops=2", "help of tm config", or the error.
std::string Read(const Arguments& arguments) {
  Program program;
  const Result<Invocation> read = Parse(program.spec, arguments);
  if (!read) return read.error().detail;
  if (read->help) return "help of " + read->path;
  std::string text = read->path;
  const auto add = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) text.append(" ").append(name).append("=").append(value);
  };
  add("channel", program.channel);
  add("data", program.data);
  add("url", program.url);
  for (const std::string& each : program.channels) add("channels", each);
  add("shell", program.shell);
  if (program.json) text += " json";
  add("file", program.settings.file);
  add("port", program.settings.port);
  for (const std::string& tag : program.tags) add("tag", tag);
  for (const auto& [key, value] : program.settings.flags) add(key, value);
  return text;
}

TEST(Grammar, ReadsListsChoicesAndOtherNames) {
  EXPECT_EQ(Read({"many", "1", "a", "--shell", "zsh", "b"}),
            "tm many data=1 channels=a channels=b shell=zsh");
  EXPECT_EQ(Read({"many", "--tag", "x", "1", "--tag=y", "--", "a", "--tag"}),
            "tm many data=1 channels=a channels=--tag tag=x tag=y");
  EXPECT_EQ(Read({"many", "1", "a", "--tag"}), "--tag: needs a value\nTry: tm many --help");
  EXPECT_EQ(Read({"many", "1"}), "CHANNEL is required\nTry: tm many --help");
  EXPECT_EQ(Read({"many", "1", "a", "--shell", "zhs"}),
            "--shell: there is no \"zhs\"; did you mean zsh?; accepted: bash, zsh\nTry: tm many --help");
  EXPECT_EQ(Read({"send", "a", "b", "--server", "u"}), "tm send channel=a data=b url=u");
  EXPECT_EQ(Read({"send", "a", "b", "--server", "u", "--url=v"}), "--url: given twice\nTry: tm send --help");
}

struct Case {
  Arguments arguments;
  std::string read;
};

void Check(std::span<const Case> cases) {
  for (const Case& c : cases) {
    std::string line;
    for (const std::string& word : c.arguments) line += word + " ";
    EXPECT_EQ(Read(c.arguments), c.read) << line;
  }
}

TEST(Grammar, FindsTheCommand) {
  const Case cases[] = {
      {{"version"}, "tm version"},
      {{"config", "check"}, "tm config check"},
      {{}, "A subcommand is required\nTry: tm --help"},
      {{"config"}, "A subcommand is required\nTry: tm config --help"},
      {{"versoin"}, "no command \"versoin\"; did you mean version?\nTry: tm --help"},
      {{"xyzzy"}, "no command \"xyzzy\"\nTry: tm --help"},
      {{"config", "chekc"}, "no command \"chekc\"; did you mean check?\nTry: tm config --help"},
      {{"--json", "version"}, "--json: options come after the command\nTry: tm --help"},
  };
  Check(cases);
}

TEST(Grammar, GivesHelpWhereverItIsAskedFor) {
  const Case cases[] = {
      {{"--help"}, "help of tm"},
      {{"-h"}, "help of tm"},
      {{"help"}, "help of tm"},
      {{"help", "config"}, "help of tm config"},
      {{"help", "config", "check"}, "help of tm config check"},
      {{"help", "sned"}, "no command \"sned\"; did you mean send?\nTry: tm --help"},
      {{"config", "--help"}, "help of tm config"},
      {{"config", "-h"}, "help of tm config"},
      {{"send", "a", "-h"}, "help of tm send"},
      {{"send", "--help"}, "help of tm send"},
      {{"send", "a", "--url", "--help", "--nonsense"}, "help of tm send"},
      {{"send", "a", "--url", "u", "--", "--help"}, "tm send channel=a data=--help url=u"},
  };
  Check(cases);
}

TEST(Grammar, ReadsOptionsAndPositionalArgumentsInAnyOrder) {
  const Case cases[] = {
      {{"send", "a", "b", "--url", "u"}, "tm send channel=a data=b url=u"},
      {{"send", "--url=u", "a", "--json", "b"}, "tm send channel=a data=b url=u json"},
      {{"send", "--json=true", "--url=", "a", "b"}, "tm send channel=a data=b json"},
      {{"send", "--json=false", "--url", "-", "a", "b"}, "tm send channel=a data=b url=-"},
      {{"send", "--url", "u", "a", "-"}, "tm send channel=a data=- url=u"},
      {{"send", "--url", "u", "a", "-1"}, "tm send channel=a data=-1 url=u"},
      {{"send", "--url=--u", "--", "-a", "--b"}, "tm send channel=-a data=--b url=--u"},
  };
  Check(cases);
}

TEST(Grammar, RefusesWhatDoesNotFitTheCommand) {
  const Case cases[] = {
      {{"send", "--url", "u"}, "CHANNEL is required\nTry: tm send --help"},
      {{"send", "a", "--url", "u"}, "DATA is required\nTry: tm send --help"},
      {{"send", "a", "b"}, "--url is required\nTry: tm send --help"},
      {{"send", "a", "b", "--url"}, "--url: needs a value\nTry: tm send --help"},
      {{"send", "--url", "--json", "a", "b"}, "--url: needs a value\nTry: tm send --help"},
      {{"send", "--url", "u", "--url", "v"}, "--url: given twice\nTry: tm send --help"},
      {{"send", "--json=no"}, "--json: takes no value\nTry: tm send --help"},
      {{"send", "--port", "x", "a", "b", "--url", "u"},
       "--port: \"x\" is not a port; write a number from 0 to 65535"},
      {{"config", "check", "--port", "65536"},
       "--port: \"65536\" is not a port; write a number from 0 to 65535"},
      {{"config", "check", "--port", "1", "--http_server.listen", ":1"},
       "--port is short for --http_server.listen; give one of them"},
      {{"send", "a", "b", "c"}, "unexpected \"c\"; settings are given as --key value"},
      {{"send", "-x"}, "unexpected \"-x\"; settings are given as --key value"},
      {{"version", "x"}, "unexpected \"x\"\nTry: tm version --help"},
      {{"version", "--loops", "2"}, "--loops: unknown\nTry: tm version --help"},
      {{"version", "--jsn"}, "--jsn: unknown; did you mean --json?\nTry: tm version --help"},
  };
  Check(cases);
}

TEST(Grammar, TakesSettingsByWhatTheyAre) {
  const std::string switch_then_data = "tm send channel=a data=b url=u client.insecure=true";
  const std::string presence = "channel.namespaces.chat.presence=true";
  const Case cases[] = {
      {{"config", "check", "--config", "f"}, "tm config check file=f"},
      {{"config", "check", "--port", "9000"}, "tm config check port=9000"},
      {{"config", "check", "--loops=2"}, "tm config check loops=2"},
      {{"config", "check", "--loops", "2"}, "tm config check loops=2"},
      {{"config", "check", "--loops", "-1"}, "tm config check loops=-1"},
      {{"config", "check", "--loops"}, "--loops: needs a value"},
      {{"config", "check", "--client.channel_limit", "--loops", "2"},
       "--client.channel_limit: needs a value"},
      {{"config", "check", "--client.insecure"}, "tm config check client.insecure=true"},
      {{"config", "check", "--client.insecure", "false"}, "tm config check client.insecure=false"},
      {{"config", "check", "--client.insecure=maybe"}, "tm config check client.insecure=maybe"},
      {{"config", "check", "--client.insecure", "maybe"}, "tm config check client.insecure=maybe"},
      {{"send", "--client.insecure", "a", "b", "--url", "u"}, switch_then_data},
      {{"send", "--client.insecure", "true", "a", "b", "--url", "u"}, switch_then_data},
      {{"send", "--loops", "2", "a", "b", "--url", "u"}, "tm send channel=a data=b url=u loops=2"},
      {{"config", "check", "--channel.namespaces.chat.presence"}, "tm config check " + presence},
      {{"config", "check", "--channel.namespaces.chat.history_size"},
       "--channel.namespaces.chat.history_size: needs a value"},
      {{"config", "check", "--no.such", "1"}, "tm config check no.such=1"},
  };
  Check(cases);
}

TEST(Grammar, KnowsOwnOptionsFromSettings) {
  const Case cases[] = {
      {{"config", "check", "--confg", "f"}, "--confg: unknown; did you mean --config?"},
      {{"config", "check", "--json"},
       "--json: unknown; `tidemill config doc` lists all settings"},  // the settings say that they know none
      {{"config", "check", "--lops", "2"}, "--lops: unknown; did you mean --loops?"},
      {{"send", "--ulr", "u"}, "--ulr: unknown; did you mean --url?"},
      {{"send", "--jsn", "u"}, "--jsn: unknown; did you mean --json?"},
  };
  Check(cases);
}

}  // namespace
}  // namespace tidemill::cli
