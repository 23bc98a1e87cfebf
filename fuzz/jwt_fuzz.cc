// links: auth net
//
// Any bytes as a token. One verifier that checks HMAC signatures and one that skips them, so that the parser
// of claims gets everything: what the first accepts the second accepts too and reads the same, and no token
// is accepted that is not in canonical form. Then the same bytes as claims, signed, and as a key set.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/claims.h"
#include "auth/jwk_set.h"
#include "auth/jws.h"
#include "auth/token.h"
#include "base/assert.h"
#include "base/base64.h"
#include "net/task_scope.h"

namespace tidemill::auth {
namespace {

constexpr const char* kSecret = "secret";

template <class T>
Task<void> Store(Task<T> task, std::optional<T>& out) {
  out.emplace(co_await task);
}

template <class T>
T RunNow(Task<T> task) {
  TaskScope scope;
  std::optional<T> out;
  scope.Spawn(Store(std::move(task), out));
  TM_ASSERT(out.has_value());
  return *std::move(out);
}

std::unique_ptr<TokenVerifier> Make(bool skip_signature, const Clock& clock) {
  auth::TokenSettings token;
  token.hmac_secret_key = {kSecret};
  return *MakeTokenVerifier({.token = token, .skip_signature = skip_signature, .clock = &clock}, nullptr);
}

void CheckForm(const std::string& token) {
  const Result<Jws> jws = ParseJws(token);
  if (!jws) return;
  TM_ASSERT(token.size() <= kTokenBytesMax && jws->key_id.size() <= kKeyIdBytesMax);
  const std::string_view payload = jws->signing_input.substr(jws->signing_input.find('.') + 1);
  TM_ASSERT(Base64Encode(jws->payload, Base64::kUrl) == payload);
  TM_ASSERT(std::string(jws->signing_input) + "." + Base64Encode(jws->signature, Base64::kUrl) == token);
}

void CheckSame(const std::string& token, TokenVerifier& strict, TokenVerifier& skipping) {
  const auto connect = RunNow(strict.VerifyConnect(token));
  const auto any_connect = RunNow(skipping.VerifyConnect(token));
  const auto subscribe = RunNow(strict.VerifySubscribe(token));
  const auto any_subscribe = RunNow(skipping.VerifySubscribe(token));
  if (connect)
    TM_ASSERT(any_connect && any_connect->user == connect->user && any_connect->subs == connect->subs);
  if (subscribe) TM_ASSERT(any_subscribe && any_subscribe->channel == subscribe->channel);
  TM_ASSERT(!any_connect || !any_subscribe);
  TM_ASSERT(!any_subscribe || !any_subscribe->channel.empty());
  if (any_connect) TM_ASSERT(any_connect->expire_at >= -kSecondsMax && any_connect->expire_at <= kSecondsMax);
  if (!connect) {
    TM_ASSERT(connect.error().code == Errc::kUnauthenticated || connect.error().code == Errc::kExpired);
  }
}

}  // namespace
}  // namespace tidemill::auth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  static const ManualClock clock;
  static const auto strict = auth::Make(false, clock);
  static const auto skipping = auth::Make(true, clock);
  const std::string text(reinterpret_cast<const char*>(data), size);
  auth::CheckForm(text);
  auth::CheckSame(text, *strict, *skipping);
  auth::CheckSame(auth::SignHs256(text, auth::kSecret), *strict, *skipping);
  // Header and payload as they are, so that mutations need not be valid base64.
  if (const std::size_t line = text.find('\n'); line != std::string::npos) {
    const std::string token = Base64Encode(text.substr(0, line), Base64::kUrl) + "." +
                              Base64Encode(text.substr(line + 1), Base64::kUrl) + ".";
    auth::CheckForm(token);
    auth::CheckSame(token, *strict, *skipping);
  }
  if (const auto set = auth::ParseKeySet(text, 4)) TM_ASSERT(set->keys.size() <= 4);
  return 0;
}
