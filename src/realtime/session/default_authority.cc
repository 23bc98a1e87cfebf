#include "realtime/session/default_authority.h"

#include <memory>
#include <utility>

#include "realtime/channels/permissions.h"
#include "realtime/session/client.h"
#include "realtime/session/context.h"
#include "realtime/session/subscription_options.h"

namespace tidemill::session {
namespace {

class RulesAuthority final : public Authority {
 public:
  Task<Verdict<SubscribeTerms>> Authorize(SubscribeCall call) override {
    const channels::Caller caller{.user = call.client.user,
                                  .insecure = call.client.settings().client.insecure};
    if (!channels::MaySubscribe(call.channel, caller)) {
      co_return call.client.Refuse(
          protocol::kErrorPermissionDenied,
          {.channel = call.request.channel,
           .why = "the channel's options do not let this user subscribe without a token",
           .setting = "allow_subscribe_for_client"});
    }
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
      const auto reason = ReasonOf(token.error());
      co_return client.Refuse(
          CodeOf(token.error()),
          {.reason = reason, .channel = call.request.channel, .why = token.error().detail});
    }
    if (!client.IsMeantBy(*token, call.request.channel)) {
      co_return client.Refuse(protocol::kDisconnectInvalidToken,
                              {.channel = call.request.channel,
                               .why = "the subscription token is for another channel, user or client"});
    }
    if (client.HasRevoked(token->mark, call.request.channel)) {
      co_return client.Refuse(protocol::kErrorPermissionDenied,
                              {.reason = RefusalReason::kRevoked,
                               .channel = call.request.channel,
                               .why = "the subscription token has been revoked"});
    }
    auto server_filter = ServerFilterOf(token->tags_filter);
    if (!server_filter) {
      co_return client.Refuse(protocol::kErrorPermissionDenied,
                              {.reason = RefusalReason::kToken,
                               .channel = call.request.channel,
                               .why = "server_tags_filter of the subscription token is malformed"});
    }
    const std::int64_t expire_at = insecure ? 0 : token->expire_at;
    if (client.IsPast(expire_at)) co_return Refused(protocol::kErrorExpired);
    co_return SubscribeTerms{.info = std::move(token->info),
                             .data = std::move(token->data),
                             .expire_at = expire_at,
                             .overrides = token->overrides,
                             .token = std::move(token->mark),
                             .server_filter = *std::move(server_filter)};
  }

 private:
  static RefusalReason ReasonOf(const Error& error) {
    if (error.code == Errc::kExpired) return RefusalReason::kExpired;
    return error.code == Errc::kUnauthenticated ? RefusalReason::kToken : RefusalReason::kUnavailable;
  }
  static protocol::ErrorCode CodeOf(const Error& error) {
    if (error.code == Errc::kExpired) return protocol::kErrorTokenExpired;
    if (error.code == Errc::kUnauthenticated) return protocol::kErrorPermissionDenied;
    return protocol::kErrorTokenKeysAway;  // the keys could not be had: the client tries again
  }
};

class DefaultAuthority final : public Authority {
 public:
  Task<Verdict<SubscribeTerms>> Authorize(SubscribeCall call) override {
    if (!call.request.token.empty()) return token_.Authorize(call);
    return IsForBackend(call.client, call.channel) ? Ask(call) : rules_.Authorize(call);
  }

 private:
  static Task<Verdict<SubscribeTerms>> Ask(SubscribeCall call) {
    TM_CO_TRY_ASSIGN(SubscribeTerms terms, co_await call.client.context.backend->Subscribe(call));
    if (call.client.IsPast(terms.expire_at)) co_return Refused(protocol::kErrorExpired);
    co_return terms;
  }

  RulesAuthority rules_;
  TokenAuthority token_;
};

}  // namespace

bool IsForBackend(const Client& client, const channels::Channel& channel) {
  const channels::ChannelOptions& options = *channel.options;
  const bool lists_users = options.allow_user_limited_channels && channel.name.user_limited;
  if (channel.name.is_private || channel.personal || lists_users) return false;
  return options.subscribe_proxy_enabled && client.context.backend;
}

std::unique_ptr<Authority> MakeDefaultAuthority() { return std::make_unique<DefaultAuthority>(); }

}  // namespace tidemill::session
