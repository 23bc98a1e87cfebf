#include "cli/token_create.h"

#include <fmt/format.h>

#include <memory>

#include "auth/token.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/dev_keys.h"
#include "cli/endpoint.h"
#include "cli/settings.h"
#include "config/duration.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  std::string user;
  std::string ttl = "1h";
  std::string channel;   // not empty: a subscription token
  std::string info;      // JSON
  std::string channels;  // of a connection token, separated by commas
  std::string hmac_key;  // instead of the configured one
};

constexpr std::string_view kNoKey =
    "no HMAC key to sign with. Give the server's own: --config tidemill.toml, --hmac-key KEY, or "
    "TIDEMILL_CLIENT_TOKEN_HMAC_SECRET_KEY in the environment; `tidemill init` writes a file with one";

void WriteChannels(JsonWriter& json, std::string_view channels) {
  json.Key("channels");
  json.BeginArray();
  while (!channels.empty()) {
    const std::size_t comma = channels.find(',');
    if (const std::string_view name = TrimBlanks(channels.substr(0, comma)); !name.empty()) json.String(name);
    channels = comma == channels.npos ? "" : channels.substr(comma + 1);
  }
  json.EndArray();
}

std::string MakeClaims(const Options& options, Duration ttl) {
  const std::int64_t now = SystemClock().WallNow().ms / 1000;
  std::string claims;
  JsonWriter json(claims);
  json.BeginObject();
  json.Member("sub", options.user);
  json.Member("iat", now);
  if (ttl > Duration{}) json.Member("exp", now + ttl.ms / 1000);
  if (!options.channel.empty()) json.Member("channel", options.channel);
  if (!options.channels.empty()) WriteChannels(json, options.channels);
  if (!options.info.empty()) {
    json.Key("info");
    json.RawOnOneLine(options.info);
  }
  json.EndObject();
  return claims;
}

// "": there is none.
std::string KeyFor(const Options& options, const settings::Settings& settings) {
  if (!options.hmac_key.empty()) return options.hmac_key;
  const TokenKind kind = options.channel.empty() ? TokenKind::kConnect : TokenKind::kSubscribe;
  if (const auto& keys = KeysOf(settings, kind); HasKey(keys)) return keys.hmac_secret_key.value;
  const Result<Endpoint> server = LocalEndpoint(settings, Service::kClients);
  const std::optional<DevKeys> keys = server ? FindDevKeys(*server) : std::nullopt;
  return keys ? keys->token_key : "";
}

int Create(const Options& options, Io io) {
  const Result<Duration> ttl = config::ParseDuration(options.ttl);
  if (!ttl) return Misused(io, fmt::format("--ttl: {}", ttl.error().detail));
  if (!options.info.empty() && !JsonReader(options.info).Finish()) {
    return Misused(io, "--info: not JSON; write it like '{\"name\":\"Ada\"}'");
  }
  if (!options.channel.empty() && !options.channels.empty()) {
    return Misused(
        io, "--channel makes a subscription token, --channels belong into a connection token; give one");
  }
  const Result<settings::Settings> settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const std::string key = KeyFor(options, *settings);
  if (key.empty()) return Failed(io, kNoKey);
  Print(io, fmt::format("{}\n", auth::SignHs256(MakeClaims(options, *ttl), key)));
  return kDone;
}

}  // namespace

CommandSpec TokenCreateCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "create",
      .help = "Signs a token with the HMAC key (HS256)",
      .examples =
          "  tidemill token create --user 42 --config tidemill.toml\n"
          "  tidemill token create --user 42 --ttl 10m --info '{\"name\":\"Ada\"}' --hmac-key secret\n"
          "  tidemill token create --user 42 --channel '$orders:7' --hmac-key secret\n",
      .parameters =
          {
              {.name = "--user",
               .value = &options->user,
               .help = "The user's id; \"\" is the anonymous user",
               .required = true},
              {"--ttl", &options->ttl, "Valid for so long; 0s: forever"},
              {"--channel", &options->channel, "Makes a subscription token for this channel"},
              {"--info", &options->info, "JSON that others see of the client"},
              {"--channels", &options->channels, "Channels to subscribe the client to: a,b"},
              {"--hmac-key", &options->hmac_key,
               "Key to sign with, instead of the configured one or that of a `serve --dev`"},
          },
      .settings = &options->settings,
      .run = [options](Io io) { return Create(*options, io); },
  };
}

}  // namespace tidemill::cli
