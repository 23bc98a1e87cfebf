#include "cli/doctor_settings.h"

#include <fmt/format.h>

#include "cli/settings.h"
#include "settings/cautions.h"
#include "settings/settings.h"

namespace tidemill::cli {

void CheckSecrets(const settings::Settings& settings, Diagnoses& out) {
  const session::ClientSettings& client = settings.client;
  if (client.insecure) {
    out.push_back(
        {Verdict::kWarn, "client tokens", "client.insecure lets anybody do anything; for development only"});
  } else if (!HasKey(client.token) && !client.allow_anonymous_connect_without_token) {
    out.push_back({Verdict::kWarn, "client tokens",
                   "no client can connect: set client.token.hmac_secret_key, a public key, or "
                   "client.allow_anonymous_connect_without_token"});
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

void CheckCautions(const settings::Settings& settings, const config::Sources& sources, Diagnoses& out) {
  for (const settings::Caution& caution : settings::FindCautions(settings, sources)) {
    out.push_back({Verdict::kWarn, caution.setting, caution.why});
  }
}

}  // namespace tidemill::cli
