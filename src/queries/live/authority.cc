#include "queries/live/authority.h"

#include <fmt/format.h>

#include <utility>

#include "net/reply.h"
#include "queries/answer/error_answer.h"
#include "queries/endpoint/identity.h"
#include "queries/live/caller.h"
#include "queries/live/follow_call.h"
#include "realtime/session/client.h"
#include "realtime/session/context.h"

namespace tidemill::queries::live {
namespace {

using session::Client;
using session::SubscribeCall;
using session::SubscribeTerms;
using session::Verdict;

// With a text of its own, which the client sees behind the code's.
session::Refusal Told(const protocol::ErrorCode& code, std::string_view text) {
  return session::Refusal::Error(code.code, fmt::format("{}: {}", code.message, text), code.temporary);
}

std::unexpected<session::Refusal> Refuse(SubscribeCall call, const protocol::ErrorCode& code,
                                         std::string_view why) {
  return call.client.Refuse(Told(code, why), {.channel = call.request.channel, .why = why});
}

std::string AllErrors(const queries::Refusal& refusal) {
  std::string text;
  for (const FieldError& each : refusal.errors) text += (text.empty() ? "" : "; ") + each.ToString();
  return text;
}

Identity IdentityOf(const Client& client, const std::string& claims, const std::string& role_claim) {
  if (claims.empty()) return {};
  return MakeIdentity(
      auth::Caller{.kind = auth::Caller::Kind::kToken, .user = client.user, .expire_at = 0, .claims = claims},
      role_claim);
}

}  // namespace

Task<Verdict<SubscribeTerms>> LiveAuthority::Authorize(SubscribeCall call) {
  if (!at_.off.empty()) co_return Refuse(call, protocol::kErrorNotAvailable, at_.off);
  const auto name = ParseName(call.request.channel, at_.name_space);
  if (!name) co_return Refuse(call, protocol::kErrorBadRequest, name.error());
  if (name->user && *name->user != call.client.user) {
    co_return Refuse(call, protocol::kErrorPermissionDenied, "the channel's name is of another user");
  }
  TM_CO_TRY_ASSIGN(Claims claims, co_await ClaimsFor(call));
  TM_CO_TRY_ASSIGN(FollowCall follow, Read(call, *name, claims));
  net::Reply<Followed> reply(at_.loop);
  at_.live.PostFollow(std::move(follow), reply.sender());
  const Followed followed = co_await reply;
  if (followed) co_return SubscribeTerms{.token = std::move(claims.token), .epoch = followed->epoch};
  const std::string& text = followed.error().text;
  switch (followed.error().why) {
    case NotFollowed::Why::kLimit: co_return Refuse(call, protocol::kErrorLimitExceeded, text);
    case NotFollowed::Why::kOldToken: co_return session::Refused(protocol::kErrorTokenExpired);
    case NotFollowed::Why::kAway:
      co_return call.client.Refuse(Told(protocol::kErrorInternal, "the query cannot be asked now"),
                                   {.channel = call.request.channel, .why = text});
    case NotFollowed::Why::kRefused: break;
  }
  const std::string_view told = at_.developer ? std::string_view(text) : "the query cannot be followed";
  co_return call.client.Refuse(Told(protocol::kErrorNotAvailable, told),
                               {.channel = call.request.channel, .why = text});
}

Task<Verdict<LiveAuthority::Claims>> LiveAuthority::ClaimsFor(SubscribeCall call) {
  const Client& client = call.client;
  if (call.request.token.empty()) co_return Claims{.json = ClaimsOf(client.user)};
  const std::shared_ptr<session::Tokens> tokens = client.context.tokens;
  auto token = co_await tokens->connect->VerifyConnect(call.request.token);
  if (!token) {
    const Errc code = token.error().code;
    const protocol::ErrorCode told = code == Errc::kExpired           ? protocol::kErrorTokenExpired
                                     : code == Errc::kUnauthenticated ? protocol::kErrorPermissionDenied
                                                                      : protocol::kErrorTokenKeysAway;
    co_return client.Refuse(told, {.channel = call.request.channel, .why = token.error().detail});
  }
  if (token->user != client.user || client.HasRevoked(token->mark, "")) {
    co_return Refuse(call, protocol::kErrorPermissionDenied, "the token is another user's, or was revoked");
  }
  co_return Claims{.json = std::move(token->claims),
                   .good_until = token->good_until ? token->good_until->ms / 1000 : 0,
                   .token = token->mark};
}

// As a request of GET is read.
Verdict<FollowCall> LiveAuthority::Read(SubscribeCall call, const Name& name, const Claims& claims) const {
  const std::string path = at_.queries.prefix + name.path;
  const FoundEndpoint found = at_.find(path);
  switch (found.state) {
    case FoundEndpoint::State::kNotReady:
    case FoundEndpoint::State::kBroken:
      return Refuse(call, protocol::kErrorInternal, "the endpoint is not served now; try again");
    case FoundEndpoint::State::kNone:
      return Refuse(call, protocol::kErrorUnknownChannel, "there is no such endpoint");
    case FoundEndpoint::State::kServed: break;
  }
  if (!found.served->query().live) {
    return Refuse(call, protocol::kErrorUnknownChannel, "the endpoint's file does not say @live");
  }
  const files::Auth& auth = found.served->query().auth;
  if (auth.required != name.user.has_value()) {
    return Refuse(call, protocol::kErrorPermissionDenied,
                  auth.required ? "the channel's name must end in # and the user"
                                : "with @auth none the channel is everybody's: its name has no user");
  }
  const Client& client = call.client;
  const Identity identity =
      auth.required ? IdentityOf(client, claims.json, at_.queries.role_claim) : Identity();
  if (const auto refused = queries::Refuse(auth, identity)) {
    return Refuse(call, protocol::kErrorPermissionDenied, refused->message);
  }
  auto follow = MakeFollowCall(
      {.name = name,
       .served = found.served,
       .path_names = *found.names,
       .path_values = found.values,
       .identity = identity,
       .starter = client.user.empty() ? "client " + client.id.ToString() : "user " + client.user,
       .issued_at = claims.token ? claims.token->issued_at : 0,
       .good_until = claims.good_until},
      at_.queries, at_.dialect);
  if (!follow) return Refuse(call, protocol::kErrorBadRequest, AllErrors(follow.error()));
  follow->channel = call.request.channel;
  return *std::move(follow);
}

}  // namespace tidemill::queries::live
