#include "cli/token_check.h"

#include <fmt/format.h>

#include <memory>

#include "auth/jwks.h"
#include "auth/token.h"
#include "base/base64.h"
#include "base/json.h"
#include "cli/on_loop.h"
#include "cli/settings.h"
#include "net/loop.h"
#include "net/tls.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  std::string token;
  std::string hmac_key;  // instead of the configured one
};

// The payload as it stands in the token, believed by nobody yet; "" when it cannot be read.
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
Task<Result<std::string>> Verify(auth::TokenVerifier& verifier, std::string token, TokenKind kind) {
  if (kind == TokenKind::kSubscribe) co_return Describe(co_await verifier.VerifySubscribe(std::move(token)));
  co_return Describe(co_await verifier.VerifyConnect(std::move(token)));
}

Result<std::string> Verdict(const config::TokenSettings& keys, const std::string& token, TokenKind kind) {
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

int CheckToken(const Options& options, Io io) {
  const Result<config::Settings> settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const std::string payload = Payload(options.token);
  const TokenKind kind = KindOf(payload);
  if (!payload.empty()) Print(io, fmt::format("claims: {}\n", payload));
  config::TokenSettings keys = KeysOf(*settings, kind);
  if (!options.hmac_key.empty()) keys.hmac_secret_key.value = options.hmac_key;
  const Result<std::string> verdict = Verdict(keys, options.token, kind);
  if (!verdict) return Failed(io, fmt::format("{}: {}", Name(verdict.error().code), verdict.error().detail));
  Print(io, fmt::format("{}\n", *verdict));
  return kDone;
}

}  // namespace

CommandSpec TokenCheckCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "check",
      .help = "Says what a token holds and whether the server takes it",
      .examples = "  tidemill token check eyJhbGciOi… --config tidemill.toml\n",
      .parameters =
          {
              {"TOKEN", &options->token, "The token"},
              {"--hmac-key", &options->hmac_key, "Key to check with, instead of the configured one"},
          },
      .settings = &options->settings,
      .run = [options](Io io) { return CheckToken(*options, io); },
  };
}

}  // namespace tidemill::cli
