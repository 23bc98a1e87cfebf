#include "cli/doctor_keys.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "auth/jwks.h"
#include "cli/on_loop.h"
#include "config/secret.h"
#include "net/tls.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

Result<auth::KeySet> Fetch(const std::string& endpoint) {
  TM_TRY_ASSIGN(auto tls, net::OpenClientTls(""));
  TM_TRY_ASSIGN(const auto loop, net::Loop::Open({}));
  auto fetched = RunOnLoop(*loop, auth::FetchKeySet(*loop, {.endpoint = endpoint, .tls = std::move(tls)}));
  if (!fetched) return Fail(Errc::kCancelled, "interrupted");
  return *std::move(fetched);
}

Diagnosis Check(std::string_view setting, const std::string& endpoint) {
  const std::string subject = fmt::format("key set of {}", setting);
  const std::string shown = config::MaskUrl(endpoint);
  const Result<auth::KeySet> set = Fetch(endpoint);
  if (!set) {
    return {Verdict::kFail, subject,
            fmt::format("{}: {}; without it no token can be checked", shown, set.error().detail)};
  }
  const std::string skipped =
      set->skipped == 0
          ? ""
          : fmt::format(", {} left out (of another use, weak, secret or without kid)", set->skipped);
  if (set->keys.empty()) {
    return {Verdict::kFail, subject, fmt::format("{}: no key in it can be used{}", shown, skipped)};
  }
  return {Verdict::kOk, subject, fmt::format("{} key(s){}", set->keys.size(), skipped)};
}

}  // namespace

void CheckKeySets(const settings::Settings& settings, Diagnoses& out) {
  const session::ClientSettings& client = settings.client;
  if (const std::string& endpoint = client.token.jwks_public_endpoint; !endpoint.empty()) {
    out.push_back(Check("client.token.jwks_public_endpoint", endpoint));
  }
  const std::string& endpoint = client.subscription_token.jwks_public_endpoint;
  if (client.subscription_token_enabled && !endpoint.empty()) {
    out.push_back(Check("client.subscription_token.jwks_public_endpoint", endpoint));
  }
}

}  // namespace tidemill::cli
