#include "cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "cli/commands.h"
#include "config/nearest.h"

namespace tidemill::cli {
namespace {

// Builds the grammar, and remembers which command was chosen as a function to call.
class Grammar {
 public:
  Grammar(const ServeFunction& serve, Io io) : serve_(serve), io_(io) {
    app_.name("tidemill");
    app_.require_subcommand(1);
    app_.set_help_flag("--help", "Shows this help");
    AddServe();
    AddToken();
    AddPublish();
    AddTail();
    AddConfig();
    AddDoctor();
    AddVersion();
    app_.footer("`tidemill <command> --help` shows examples. To begin: tidemill serve --dev");
  }

  int Run(std::vector<std::string> arguments) {
    if (arguments.empty()) {
      fmt::print(io_.err, "{}", app_.help());
      return kMisused;
    }
    if (arguments.front() == "--version") return RunVersion(io_);
    if (const std::optional<std::string> problem = UnknownCommand(arguments)) return Misused(io_, *problem);
    std::ranges::reverse(arguments);  // the order CLI11 wants
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
      const CLI::App* command = Chosen(app_);
      const CLI::App* parent = command->get_parent();
      fmt::print(io_.out, "{}", command->help(parent == nullptr ? "" : "tidemill" + PathOf(parent)));
      return kDone;
    } catch (const CLI::ParseError& error) {
      return Misused(io_, fmt::format("{}\nTry: tidemill{} --help", error.what(), PathOf(Chosen(app_))));
    }
    return run_();
  }

 private:
  // A command whose settings may be given as `--key value`.
  CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& what,
                       const std::string& examples, std::function<int()> run) {
    CLI::App* command = parent.add_subcommand(name, what);
    command->footer("Examples:\n" + examples);
    command->set_help_flag("--help", "Shows this help");
    command->callback([this, run = std::move(run)] { run_ = run; });
    return command;
  }

  void AddSettings(CLI::App* command, SettingsOptions& settings) {
    command->add_option("--config", settings.file, "TOML file with settings (also TIDEMILL_CONFIG)");
    command->allow_extras();
    command->parse_complete_callback([command, &settings] { settings.flags = command->remaining(); });
    command->footer(command->get_footer() +
                    "\nAny setting may be given as --key value; `tidemill config doc` lists them.\n");
  }

  void AddServe() {
    CLI::App* command = AddCommand(app_, "serve", "Runs the server",
                                   "  tidemill serve --dev\n"
                                   "  tidemill serve --config tidemill.toml\n"
                                   "  tidemill serve --http_server.listen :8000 --client.insecure\n",
                                   [this] {
                                     Result<config::Sources> sources = MakeSources(serve_settings_);
                                     if (!sources) return Misused(io_, sources.error().detail);
                                     return serve_({.sources = *std::move(sources), .dev = dev_});
                                   });
    command->add_flag("--dev", dev_, "Serves this machine only, with made-up keys and a demo page");
    AddSettings(command, serve_settings_);
  }

  void AddToken() {
    CLI::App* token = app_.add_subcommand("token", "Makes and checks tokens of clients");
    token->require_subcommand(1);
    token->set_help_flag("--help", "Shows this help");
    CLI::App* create = AddCommand(
        *token, "create", "Signs a token with the HMAC key (HS256)",
        "  tidemill token create --user 42 --config tidemill.toml\n"
        "  tidemill token create --user 42 --ttl 10m --info '{\"name\":\"Ada\"}' --hmac-key secret\n"
        "  tidemill token create --user 42 --channel '$orders:7' --hmac-key secret\n",
        [this] { return RunTokenCreate(token_create_, io_); });
    create->add_option("--user", token_create_.user, "The user's id; \"\" is the anonymous user")->required();
    create->add_option("--ttl", token_create_.ttl, "Valid for so long; 0s: forever")->capture_default_str();
    create->add_option("--channel", token_create_.channel, "Makes a subscription token for this channel");
    create->add_option("--info", token_create_.info, "JSON that others see of the client");
    create->add_option("--channels", token_create_.channels, "Channels to subscribe the client to: a,b");
    create->add_option("--hmac-key", token_create_.hmac_key,
                       "Key to sign with, instead of the configured one");
    AddSettings(create, token_create_.settings);
    CLI::App* check = AddCommand(*token, "check", "Says what a token holds and whether the server takes it",
                                 "  tidemill token check eyJhbGciOi… --config tidemill.toml\n",
                                 [this] { return RunTokenCheck(token_check_, io_); });
    check->add_option("TOKEN", token_check_.token, "The token")->required();
    check->add_option("--hmac-key", token_check_.hmac_key,
                      "Key to check with, instead of the configured one");
    AddSettings(check, token_check_.settings);
  }

  void AddPublish() {
    CLI::App* command = AddCommand(app_, "publish", "Publishes to a channel over the HTTP API",
                                   "  tidemill publish news '{\"text\":\"hello\"}' --api-key KEY\n"
                                   "  echo '{\"n\":1}' | tidemill publish news - --config tidemill.toml\n",
                                   [this] { return RunPublish(publish_, io_); });
    command->add_option("CHANNEL", publish_.channel, "The channel")->required();
    command->add_option("DATA", publish_.data, "JSON; - reads standard input")->required();
    command->add_option("--url", publish_.url,
                        "The server, http://host:port; else where the settings listen");
    command->add_option("--api-key", publish_.api_key, "Key of the HTTP API; else the first of http_api.key");
    AddSettings(command, publish_.settings);
  }

  void AddTail() {
    CLI::App* command = AddCommand(app_, "tail", "Follows a channel as a client, across reconnects",
                                   "  tidemill tail news --token \"$(tidemill token create --user 42)\"\n"
                                   "  tidemill tail news --json --url wss://rt.example.com | jq .data\n",
                                   [this] { return RunTail(tail_, io_); });
    command->add_option("CHANNEL", tail_.channel, "The channel")->required();
    command->add_flag("--json", tail_.json, "Prints each publication as one line of JSON");
    command->add_option("--url", tail_.url, "The server, ws://host:port; else where the settings listen");
    command->add_option("--token", tail_.token, "Connection token; without one, the anonymous user");
    command->add_option("--subscription-token", tail_.subscription_token, "For channels that need one");
    AddSettings(command, tail_.settings);
  }

  void AddConfig() {
    CLI::App* parent = app_.add_subcommand("config", "Checks, shows and explains settings");
    parent->require_subcommand(1);
    parent->set_help_flag("--help", "Shows this help");
    AddSettings(AddCommand(*parent, "check", "Says everything that is wrong with the settings",
                           "  tidemill config check --config tidemill.toml\n",
                           [this] { return RunConfigCheck(config_, io_); }),
                config_);
    AddSettings(AddCommand(*parent, "show", "Prints the settings in force, without secrets",
                           "  tidemill config show --config tidemill.toml\n",
                           [this] { return RunConfigShow(config_, io_); }),
                config_);
    AddCommand(*parent, "default", "Prints all settings with their defaults, as TOML to begin with",
               "  tidemill config default > tidemill.toml\n", [this] { return RunConfigDefault(io_); });
    AddCommand(*parent, "doc", "Prints the documentation of all settings, as Markdown",
               "  tidemill config doc | less\n", [this] { return RunConfigDoc(io_); });
  }

  void AddDoctor() {
    AddSettings(
        AddCommand(app_, "doctor", "Looks at the machine and the settings for what will hurt",
                   "  tidemill doctor --config tidemill.toml\n", [this] { return RunDoctor(doctor_, io_); }),
        doctor_);
  }

  void AddVersion() {
    AddCommand(app_, "version", "Prints the version", "  tidemill version\n",
               [this] { return RunVersion(io_); });
  }

  // The first word that should be a command and is none, as a sentence.
  std::optional<std::string> UnknownCommand(const std::vector<std::string>& arguments) {
    CLI::App* at = &app_;
    for (const std::string& word : arguments) {
      const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
      if (commands.empty() || word.starts_with("-")) return std::nullopt;
      std::vector<std::string> names;
      for (const CLI::App* command : commands) names.push_back(command->get_name());
      const auto found = std::ranges::find(names, word);
      if (found == names.end()) {
        const std::optional<std::string> nearest = config::Nearest(word, names);
        return fmt::format("no command \"{}\"{}\nTry: tidemill{} --help", word,
                           nearest ? fmt::format("; did you mean {}?", *nearest) : "", PathOf(at));
      }
      at = at->get_subcommand(word);
    }
    return std::nullopt;
  }

  // The innermost command that was given.
  static CLI::App* Chosen(CLI::App& app) {
    const std::vector<CLI::App*> chosen = app.get_subcommands();
    return chosen.empty() ? &app : Chosen(*chosen.front());
  }

  // " token create", "" for the program itself.
  static std::string PathOf(const CLI::App* command) {
    return command->get_parent() == nullptr ? "" : PathOf(command->get_parent()) + " " + command->get_name();
  }

  CLI::App app_{"A realtime server: publish over HTTP, receive over WebSocket."};
  const ServeFunction& serve_;
  const Io io_;
  std::function<int()> run_;
  SettingsOptions serve_settings_;
  bool dev_ = false;
  TokenCreateOptions token_create_;
  TokenCheckOptions token_check_;
  PublishOptions publish_;
  TailOptions tail_;
  SettingsOptions config_;
  SettingsOptions doctor_;
};

}  // namespace

int Run(std::vector<std::string> arguments, const ServeFunction& serve, Io io) {
  return Grammar(serve, io).Run(std::move(arguments));
}

int Run(int argc, char** argv, ServeFunction serve) {
  return Run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc), serve, {});
}

}  // namespace tidemill::cli
