#include "cli/token_check.h"

#include <fmt/format.h>

#include <memory>

#include "auth/jwks.h"
#include "auth/token.h"
#include "base/base64.h"
#include "base/json.h"
#include "cli/dev_keys.h"
#include "cli/endpoint.h"
#include "cli/on_loop.h"
#include "cli/settings.h"
#include "config/duration.h"
#include "net/loop.h"
#include "net/tls.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  std::string token;
  std::string hmac_key;  // instead of the configured one
  bool json = false;
};

constexpr std::string_view kNoKey =
    "no key to check with. Give the server's own: --config tidemill.toml, --hmac-key KEY, or "
    "TIDEMILL_CLIENT_TOKEN_HMAC_SECRET_KEY in the environment";

// Why a token is not good, or cannot be judged.
std::string Problem(const Error& error) {
  if (error.detail == kNoKey) return error.detail;
  return fmt::format("{}: {}", Name(error.code), error.detail);
}

// The payload of a token, not verified; "" when it cannot be read.
std::string Payload(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first == token.npos ? first : first + 1);
  if (second == token.npos) return "";
  std::string payload =
      Base64Decode(token.substr(first + 1, second - first - 1), Base64::kUrl).value_or(std::string());
  return JsonReader(payload).Finish() ? payload : "";
}

// A subscription token has a claim "channel".
TokenKind KindOf(std::string_view payload) {
  bool found = false;
  JsonReader json(payload);
  json.EnterObject();
  while (const auto key = json.NextKey()) found = found || *key == "channel";
  return json.Finish() && found ? TokenKind::kSubscribe : TokenKind::kConnect;
}

// A token that the verifier took.
struct Facts {
  TokenKind kind = TokenKind::kConnect;
  std::string user;
  std::string channel;         // of a subscription token
  std::int64_t expire_at = 0;  // seconds since the Unix epoch; 0: never
};

std::string Expiry(std::int64_t expire_at) {
  if (expire_at == 0) return "never expires";
  const std::int64_t left_s = expire_at - SystemClock().WallNow().ms / 1000;
  return fmt::format("expires in {}", config::ToString(Seconds(std::max<std::int64_t>(0, left_s))));
}

std::string ToText(const Facts& facts) {
  const bool connects = facts.kind == TokenKind::kConnect;
  return fmt::format("good: a {} token of {}{}, {}", connects ? "connection" : "subscription",
                     facts.user.empty() ? "the anonymous user" : fmt::format("user \"{}\"", facts.user),
                     connects ? "" : fmt::format(" for channel \"{}\"", facts.channel),
                     Expiry(facts.expire_at));
}

std::string ToJson(std::string_view claims, const Result<Facts>& facts) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("good", facts.has_value());
  if (!facts) json.Member("reason", Problem(facts.error()));
  if (facts) {
    json.Member("kind", facts->kind == TokenKind::kConnect ? "connection" : "subscription");
    json.Member("user", facts->user);
    if (facts->kind == TokenKind::kSubscribe) json.Member("channel", facts->channel);
    if (facts->expire_at != 0) json.Member("expire_at", facts->expire_at);
  }
  if (!claims.empty()) {
    json.Key("claims");
    json.RawOnOneLine(claims);
  }
  json.EndObject();
  return text;
}

Task<Result<Facts>> Verify(auth::TokenVerifier& verifier, std::string token, TokenKind kind) {
  if (kind == TokenKind::kSubscribe) {
    TM_CO_TRY_ASSIGN(const auth::SubscribeToken good, co_await verifier.VerifySubscribe(std::move(token)));
    co_return Facts{.kind = kind, .user = good.user, .channel = good.channel, .expire_at = good.expire_at};
  }
  TM_CO_TRY_ASSIGN(const auth::ConnectToken good, co_await verifier.VerifyConnect(std::move(token)));
  co_return Facts{.kind = kind, .user = good.user, .expire_at = good.expire_at};
}

Result<Facts> Verify(const auth::TokenSettings& keys, const std::string& token, TokenKind kind) {
  if (!HasKey(keys)) return Fail(Errc::kNotFound, std::string(kNoKey));
  TM_TRY_ASSIGN(const std::unique_ptr<net::Loop> loop, net::Loop::Open({}));
  std::unique_ptr<auth::JwksSource> jwks;
  if (!keys.jwks_public_endpoint.empty()) {
    TM_TRY_ASSIGN(std::shared_ptr<net::TlsContext> tls, net::OpenClientTls(""));
    TM_TRY_ASSIGN(jwks, auth::MakeJwksSource(*loop, {.endpoint = keys.jwks_public_endpoint, .tls = tls}));
  }
  TM_TRY_ASSIGN(const std::unique_ptr<auth::TokenVerifier> verifier,
                auth::MakeTokenVerifier({.token = keys, .clock = &SystemClock()}, jwks.get()));
  return *RunOnLoop(*loop, Verify(*verifier, token, kind));
}

// The given key, or the configured ones, or that of a `serve --dev` here.
auth::TokenSettings KeysFor(const Options& options, const settings::Settings& settings, TokenKind kind) {
  auth::TokenSettings keys = KeysOf(settings, kind);
  if (!options.hmac_key.empty()) keys.hmac_secret_key.value = options.hmac_key;
  if (HasKey(keys)) return keys;
  const Result<Endpoint> server = LocalEndpoint(settings, Service::kClients);
  const std::optional<DevKeys> dev = server ? FindDevKeys(*server) : std::nullopt;
  if (dev) keys.hmac_secret_key.value = dev->token_key;
  return keys;
}

int CheckToken(const Options& options, Io io) {
  const Result<settings::Settings> settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const std::string payload = Payload(options.token);
  const TokenKind kind = KindOf(payload);
  const Result<Facts> facts = Verify(KeysFor(options, *settings, kind), options.token, kind);
  if (options.json) {
    Print(io, ToJson(payload, facts) + "\n");
    return facts ? kDone : kFailed;
  }
  if (!payload.empty()) Print(io, fmt::format("claims: {}\n", payload));
  if (!facts) return Failed(io, Problem(facts.error()));
  Print(io, ToText(*facts) + "\n");
  return kDone;
}

}  // namespace

CommandSpec TokenCheckCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "check",
      .help = "Says what a token holds and whether the server takes it",
      .examples =
          "  tidemill token check \"$(tidemill token create --user 42)\"\n"
          "  tidemill token check \"$TOKEN\" --json --config tidemill.toml\n",
      .parameters =
          {
              {"TOKEN", &options->token, "The token"},
              {"--json", &options->json, "Prints claims and verdict as one line of JSON"},
              {"--hmac-key", &options->hmac_key,
               "Key to check with, instead of the configured one or that of a `serve --dev`"},
          },
      .settings = &options->settings,
      .run = [options](Io io) { return CheckToken(*options, io); },
  };
}

}  // namespace tidemill::cli
