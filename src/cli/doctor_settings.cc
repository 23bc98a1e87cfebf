#include "cli/doctor_settings.h"

#include <fmt/format.h>

#include "cli/settings.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kSecretBytesMin = 32;  // of HS256, RFC 7518 section 3.2

}  // namespace

void CheckSecrets(const settings::Settings& settings, Diagnoses& out) {
  const session::ClientSettings& client = settings.client;
  const std::size_t bytes = client.token.hmac_secret_key.value.size();
  if (client.insecure) {
    out.push_back(
        {Verdict::kWarn, "client tokens", "client.insecure lets anybody do anything; for development only"});
  } else if (!HasKey(client.token) && !client.allow_anonymous_connect_without_token) {
    out.push_back({Verdict::kWarn, "client tokens",
                   "no client can connect: set client.token.hmac_secret_key, a public key, or "
                   "client.allow_anonymous_connect_without_token"});
  } else if (bytes > 0 && bytes < kSecretBytesMin) {
    out.push_back(
        {Verdict::kWarn, "client tokens",
         fmt::format("client.token.hmac_secret_key has {} bytes and can be guessed offline; use at least "
                     "{}, such as of `openssl rand -hex 32`",
                     bytes, kSecretBytesMin)});
  } else {
    out.push_back({Verdict::kOk, "client tokens", "checked"});
  }

  if (settings.http_api.insecure) {
    out.push_back(
        {Verdict::kWarn, "HTTP API", "http_api.insecure lets anybody publish; for development only"});
  } else if (settings.http_api.keys.empty()) {
    out.push_back({Verdict::kWarn, "HTTP API", "refuses every call: set http_api.key"});
  } else {
    out.push_back({Verdict::kOk, "HTTP API", fmt::format("{} key(s)", settings.http_api.keys.size())});
  }
}

}  // namespace tidemill::cli
