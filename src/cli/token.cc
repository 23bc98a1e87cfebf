#include "auth/token.h"

#include <fmt/format.h>

#include <ctime>
#include <optional>

#include "auth/jwks.h"
#include "base/base64.h"
#include "base/json.h"
#include "cli/commands.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "net/tls.h"

namespace tidemill::cli {
namespace {

constexpr std::string_view kNoKey =
    "no HMAC key to sign with. Give the server's own: --config tidemill.toml, --hmac-key KEY, or "
    "TIDEMILL_CLIENT_TOKEN_HMAC_SECRET_KEY in the environment";

// The keys that this kind of token is checked with.
config::TokenSettings KeysFor(const config::Settings& settings, bool for_subscription) {
  const config::ClientSettings& client = settings.client;
  return for_subscription && client.subscription_token ? *client.subscription_token : client.token;
}

bool IsJson(std::string_view text) {
  JsonReader json(text);
  return json.Finish().has_value();
}

void WriteChannels(JsonWriter& json, std::string_view channels) {
  json.Key("channels");
  json.BeginArray();
  while (!channels.empty()) {
    const std::size_t comma = channels.find(',');
    if (const std::string_view name = channels.substr(0, comma); !name.empty()) json.String(name);
    channels = comma == channels.npos ? "" : channels.substr(comma + 1);
  }
  json.EndArray();
}

std::string MakeClaims(const TokenCreateOptions& options, Duration ttl) {
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

// The payload as it stands in the token, believed by nobody yet; "" when it cannot be read.
std::string Payload(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first == token.npos ? first : first + 1);
  if (second == token.npos) return "";
  std::string payload =
      Base64Decode(token.substr(first + 1, second - first - 1), Base64::kUrl).value_or(std::string());
  return IsJson(payload) ? payload : "";
}

bool HasChannelClaim(std::string_view payload) {
  bool found = false;
  JsonReader json(payload);
  json.EnterObject();
  while (const auto key = json.NextKey()) found = found || *key == "channel";
  return json.Finish() && found;
}

std::string Expiry(std::int64_t expire_at) {
  if (expire_at == 0) return "never expires";
  const std::int64_t left_s = expire_at - SystemClock().WallNow().ms / 1000;
  return fmt::format("expires in {}", config::ToString(Seconds(std::max<std::int64_t>(0, left_s))));
}

std::string Describe(const auth::ConnectToken& token) {
  return fmt::format("good: a connection token of {}, {}",
                     token.user.empty() ? "the anonymous user" : fmt::format("user \"{}\"", token.user),
                     Expiry(token.expire_at));
}

std::string Describe(const auth::SubscribeToken& token) {
  return fmt::format("good: a subscription token of {} for channel \"{}\", {}",
                     token.user.empty() ? "the anonymous user" : fmt::format("user \"{}\"", token.user),
                     token.channel, Expiry(token.expire_at));
}

template <class Token>
Result<std::string> Describe(const Result<Token>& token) {
  if (!token) return std::unexpected(token.error());
  return Describe(*token);
}

// What the verifier says, as a sentence.
Task<void> Verify(auth::TokenVerifier& verifier, std::string token, bool for_subscription, net::Loop& loop,
                  std::optional<Result<std::string>>& verdict) {
  if (for_subscription) {
    verdict.emplace(Describe(co_await verifier.VerifySubscribe(std::move(token))));
  } else {
    verdict.emplace(Describe(co_await verifier.VerifyConnect(std::move(token))));
  }
  loop.Stop();
}

Result<std::string> Check(const config::TokenSettings& keys, const std::string& token,
                          bool for_subscription) {
  TM_TRY_ASSIGN(const std::unique_ptr<net::Loop> loop, net::Loop::Open({}));
  std::unique_ptr<auth::JwksSource> jwks;
  if (!keys.jwks_public_endpoint.empty()) {
    TM_TRY_ASSIGN(std::shared_ptr<net::TlsContext> tls, net::OpenClientTls(""));
    TM_TRY_ASSIGN(jwks, auth::MakeJwksSource(*loop, {.endpoint = keys.jwks_public_endpoint, .tls = tls}));
  }
  TM_TRY_ASSIGN(const std::unique_ptr<auth::TokenVerifier> verifier,
                auth::MakeTokenVerifier({.token = keys, .clock = &SystemClock()}, jwks.get()));
  std::optional<Result<std::string>> verdict;
  TaskScope scope;
  loop->Post([&] { scope.Spawn(Verify(*verifier, token, for_subscription, *loop, verdict)); });
  loop->Run();
  return *std::move(verdict);
}

}  // namespace

int RunTokenCreate(const TokenCreateOptions& options, Io io) {
  const Result<Duration> ttl = config::ParseDuration(options.ttl);
  if (!ttl) return Misused(io, fmt::format("--ttl: {}", ttl.error().detail));
  if (!options.info.empty() && !IsJson(options.info)) {
    return Misused(io, "--info: not JSON; write it like '{\"name\":\"Ada\"}'");
  }
  if (!options.channel.empty() && !options.channels.empty()) {
    return Misused(
        io, "--channel makes a subscription token, --channels belong into a connection token; give one");
  }
  const Result<config::Settings> settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const std::string key = options.hmac_key.empty()
                              ? KeysFor(*settings, !options.channel.empty()).hmac_secret_key.value
                              : options.hmac_key;
  if (key.empty()) return Failed(io, kNoKey);
  fmt::print(io.out, "{}\n", auth::SignHs256(MakeClaims(options, *ttl), key));
  return kDone;
}

int RunTokenCheck(const TokenCheckOptions& options, Io io) {
  const Result<config::Settings> settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const std::string payload = Payload(options.token);
  const bool for_subscription = HasChannelClaim(payload);
  if (!payload.empty()) fmt::print(io.out, "claims: {}\n", payload);
  config::TokenSettings keys = KeysFor(*settings, for_subscription);
  if (!options.hmac_key.empty()) keys.hmac_secret_key.value = options.hmac_key;
  const Result<std::string> verdict = Check(keys, options.token, for_subscription);
  if (!verdict) return Failed(io, fmt::format("{}: {}", Name(verdict.error().code), verdict.error().detail));
  fmt::print(io.out, "{}\n", *verdict);
  return kDone;
}

}  // namespace tidemill::cli
