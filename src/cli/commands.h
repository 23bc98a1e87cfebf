// What each command is given, and the function that does it. Each gives an exit code (cli.h) and writes what
// went wrong, and what to do about it, to `io.err`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/cli.h"
#include "config/load.h"
#include "config/settings.h"

namespace tidemill::cli {

// Where settings come from: --config and every other `--key value` of the command line.
struct SettingsOptions {
  std::string file;
  std::vector<std::string> flags;  // as they were written: "--client.insecure", "--loops=2", "--loops", "2"
};

// With the environment of the process; TIDEMILL_CONFIG names the file when --config does not.
// kInvalidArgument: a flag that is none.
Result<config::Sources> MakeSources(const SettingsOptions& options);

// The settings they give. An error's detail may have several lines.
Result<config::Settings> LoadSettings(const SettingsOptions& options);

struct TokenCreateOptions {
  SettingsOptions settings;
  std::string user;
  std::string ttl = "1h";
  std::string channel;   // not empty: a subscription token
  std::string info;      // JSON
  std::string channels;  // of a connection token, separated by commas
  std::string hmac_key;  // instead of the configured one
};
int RunTokenCreate(const TokenCreateOptions& options, Io io);

struct TokenCheckOptions {
  SettingsOptions settings;
  std::string token;
  std::string hmac_key;
};
int RunTokenCheck(const TokenCheckOptions& options, Io io);

struct PublishOptions {
  SettingsOptions settings;
  std::string channel;
  std::string data;     // JSON; "-": standard input
  std::string url;      // of the server; "": where the settings say it listens
  std::string api_key;  // "": the first of the settings
};
int RunPublish(const PublishOptions& options, Io io);

struct TailOptions {
  SettingsOptions settings;
  std::string channel;
  std::string url;
  std::string token;               // connection token; "": anonymous
  std::string subscription_token;  // for channels that need one
  bool json = false;
};
int RunTail(const TailOptions& options, Io io);

int RunConfigCheck(const SettingsOptions& options, Io io);
int RunConfigShow(const SettingsOptions& options, Io io);
int RunConfigDefault(Io io);
int RunConfigDoc(Io io);

int RunDoctor(const SettingsOptions& options, Io io);

int RunVersion(Io io);

// Writes "tidemill: message" as one or more lines and gives the code.
int Failed(Io io, std::string_view message);
int Misused(Io io, std::string_view message);

}  // namespace tidemill::cli
