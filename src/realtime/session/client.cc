#include "realtime/session/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/grammar.h"
#include "realtime/session/in_flight.h"

namespace tidemill::session {
namespace {

// Such answers always fit: InFlight lets no more of them wait.
constexpr std::size_t kSmallAnswerBytesMax = InFlight::kAnswerBytesMax;
constexpr std::int64_t kTtlSecondsMax = 365LL * 24 * 3600;

std::unexpected<Refusal> RefuseRate(const Client& client, std::string_view who, std::string_view section,
                                    std::string_view limit) {
  const std::string why = fmt::format("{} sends more than its rate", who);
  const std::string setting = fmt::format("{}{}", section, limit);
  return client.Refuse(protocol::kErrorTooManyRequests, {.why = why, .setting = setting});
}

}  // namespace

Client::Client(Context& of_loop, ClientEvents& session, net::Stream& stream, SessionForm form_of_session)
    : context(of_loop),
      events(session),
      outbox(session, stream, of_loop.settings->client.queue_max_size),
      id(Uuid::Random()),
      form(form_of_session) {}

std::int64_t Client::WallSeconds() const { return context.loop.clock().WallNow().ms / 1000; }

std::uint32_t Client::TtlUntil(std::int64_t expire_at) const {
  const std::int64_t left = std::max<std::int64_t>(expire_at, 0) - WallSeconds();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, kTtlSecondsMax));
}

void Client::Renew(std::int64_t expire_at, const std::string* conn_info) {
  Identity& own = OwnIdentity();
  own.expire_at = expire_at;
  ++own.renewals;
  if (conn_info) own.conn_info = *conn_info;
}

void Client::KeepToken(auth::TokenMark token, std::string claims) {
  Identity& own = OwnIdentity();
  own.has_token = true;
  own.token = std::move(token);
  own.token_link = context.token_index.Add(own.token.id, *this);
  if (context.keeps_claims) own.claims = std::move(claims);
}

const auth::TokenMark& Client::token() const {
  static const auth::TokenMark none;
  return identity ? identity->token : none;
}

bool Client::HasRevoked(const auth::TokenMark& token, std::string_view channel) const {
  return context.access != nullptr &&
         context.access->IsRevoked(user, token, channel, context.loop.clock().WallNow());
}

void Client::KeepSubs(std::map<std::string, auth::TokenSubscription> subs) {
  if (!subs.empty()) OwnIdentity().token_subs = std::move(subs);
}

Identity& Client::OwnIdentity() {
  if (!identity) identity = std::make_unique<Identity>();
  return *identity;
}

void Client::KeepMeta(std::string meta) {
  if (!meta.empty()) OwnIdentity().meta = std::move(meta);
}

void Client::KeepHandshakeHeaders(std::span<const http::HeaderView> headers) {
  const Backend* const backend = context.backend;
  if (!backend) return;
  for (const http::HeaderView& header : headers) {
    if (backend->Keeps(HeaderFrom::kHandshake, header.name)) {
      OwnIdentity().handshake_headers.emplace_back(header.name, header.value);
    }
  }
}

bool Client::KeepConnectHeaders(const std::map<std::string, std::string>& headers) {
  const Backend* const backend = context.backend;
  if (!backend) return true;
  for (const auto& [name, value] : headers) {
    if (!backend->Keeps(HeaderFrom::kConnect, name)) continue;
    if (!http::IsFieldValue(value)) return false;
    OwnIdentity().connect_headers.emplace_back(name, value);
  }
  return true;
}

protocol::ClientInfo Client::InfoWith(std::string_view chan_info) const {
  return {.user = user,
          .client = id.ToString(),
          .conn_info = identity ? identity->conn_info : std::string(),
          .chan_info = std::string(chan_info)};
}

Verdict<void> Client::MayAnswer(std::size_t bytes) const {
  if (bytes <= kSmallAnswerBytesMax) return {};
  (void)context.loop.ShareSpent(0);  // the turn looks at the clock behind it: several of them are a long turn
  if (bytes > settings().client.answer_max_size) {
    context.metrics.answers_too_large.Add();
    return Refused(kErrorAnswerTooLarge);
  }
  const auto unread =
      static_cast<std::uint64_t>(std::max<std::int64_t>(context.metrics.unread_answer_bytes.value(), 0));
  if (unread + bytes > settings().client.unread_answers_max_size) {
    context.metrics.answers_too_many.Add();
    return Refused(kErrorTooManyAnswers);
  }
  return {};
}

Verdict<void> Client::MaySend(Operation operation) {
  const MonotonicTime now = context.loop.Now();
  const RateLimits& limits = settings().rates.of_connection;
  if (!limits.empty()) {
    if (const auto limit = limits.RefusedBy(operation, now, OwnIdentity().rate_times)) {
      return RefuseRate(*this, "the connection", "client.rate_limit.client_command.", *limit);
    }
  }
  UserRates* const users = settings().rates.of_users.get();
  const auto limit = users ? users->RefusedBy(user, operation, now) : std::nullopt;
  if (!limit) return {};
  if (!limits.empty()) limits.GiveBack(operation, OwnIdentity().rate_times);
  return RefuseRate(*this, "the user", "client.rate_limit.user_command.", *limit);
}

Task<Verdict<void>> Client::MaySendOverAll(Operation operation) {
  const std::shared_ptr<UserRates> users = settings().rates.of_users;
  if (!users || user.empty()) co_return Verdict<void>();
  RateLimits::Chosen buckets = users->limits().BucketsOf(operation);
  if (buckets.empty()) co_return Verdict<void>();
  const auto limit =
      co_await Awaited(*this, context.shared_rates->RefusedBy(user, std::move(buckets), users->limits()));
  if (!limit) co_return Verdict<void>();
  users->GiveBack(user, operation, context.loop.Now());
  const RateLimits& limits = settings().rates.of_connection;
  if (!limits.empty()) limits.GiveBack(operation, OwnIdentity().rate_times);
  co_return RefuseRate(*this, "the user", "client.rate_limit.user_command.", *limit);
}

std::unexpected<Refusal> Client::Refuse(Refusal refusal, const RefusalDetail& detail) const {
  context.refusals.Note(*this, refusal, detail);
  return Refused(refusal);
}

bool Client::IsMeantBy(const auth::SubscribeToken& token, std::string_view channel) const {
  return token.channel == channel && token.user == user &&
         (token.client.empty() || token.client == id.ToString());
}

}  // namespace tidemill::session
