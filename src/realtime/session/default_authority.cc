#include "realtime/session/default_authority.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "realtime/channels/permissions.h"
#include "realtime/session/client.h"
#include "realtime/session/context.h"

namespace tidemill::session {
namespace {

class RulesAuthority final : public Authority {
 public:
  Task<Verdict<SubscribeTerms>> Authorize(SubscribeCall call) override {
    const channels::Caller caller{.user = call.client.user,
                                  .insecure = call.client.settings().client.insecure};
    if (!channels::MaySubscribe(call.channel, caller)) co_return Refused(protocol::kErrorPermissionDenied);
    co_return SubscribeTerms{};
  }
};

class TokenAuthority final : public Authority {
 public:
  Task<Verdict<SubscribeTerms>> Authorize(SubscribeCall call) override {
    const Client& client = call.client;
    const bool insecure = client.settings().client.insecure;
    const std::shared_ptr<Tokens> tokens = client.context.tokens;
    auto token = co_await tokens->for_subscribe().VerifySubscribe(call.request.token);
    if (!token) {
      log::Debug("session.subscribe_refused",
                 {{"client", client.id.ToString()}, {"why", token.error().detail}});
      co_return Refused(CodeOf(token.error()));
    }
    if (!client.IsMeantBy(*token, call.request.channel)) co_return Refused(protocol::kDisconnectInvalidToken);
    const std::int64_t expire_at = insecure ? 0 : token->expire_at;
    if (expire_at != 0 && expire_at <= client.WallSeconds()) co_return Refused(protocol::kErrorExpired);
    co_return SubscribeTerms{.info = std::move(token->info),
                             .data = std::move(token->data),
                             .expire_at = expire_at,
                             .overrides = token->overrides};
  }

 private:
  static protocol::ErrorCode CodeOf(const Error& error) {
    if (error.code == Errc::kExpired) return protocol::kErrorTokenExpired;
    if (error.code == Errc::kUnauthenticated) return protocol::kErrorPermissionDenied;
    return protocol::kErrorTokenKeysAway;  // the keys could not be had: the client tries again
  }
};

class DefaultAuthority final : public Authority {
 public:
  Task<Verdict<SubscribeTerms>> Authorize(SubscribeCall call) override {
    return call.request.token.empty() ? rules_.Authorize(call) : token_.Authorize(call);
  }

 private:
  RulesAuthority rules_;
  TokenAuthority token_;
};

}  // namespace

std::unique_ptr<Authority> MakeDefaultAuthority() { return std::make_unique<DefaultAuthority>(); }

}  // namespace tidemill::session
