#include "queries/live/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/json_writer.h"
#include "base/sip_hash.h"
#include "http/body.h"
#include "net/reply.h"
#include "queries/answer/error_answer.h"
#include "queries/endpoint/rate_limiter.h"
#include "queries/live/follow_call.h"
#include "queries/live/name.h"
#include "queries/values/url_encoded.h"

namespace tidemill::queries::live {
namespace {

// Nothing of a result is copied for a slow client but a piece.
constexpr std::size_t kPieceBytes = 16 * 1024;
constexpr std::size_t kQueuedBytesMax = 4 * 1024;
constexpr Duration kRetryAfter = Seconds(2);
// Of the query string, what is the authenticator's.
constexpr std::string_view kApiKeyName = "api_key";

http::Response RefuseBy(OwnError error, std::string message, std::optional<Duration> retry_after = {}) {
  ErrorAnswer answer = MakeError(error, std::move(message));
  answer.retry_after = retry_after;
  return ToResponse(answer);
}

http::Response Refuse(const NotFollowed& why, bool developer) {
  switch (why.why) {
    case NotFollowed::Why::kLimit: return RefuseBy(OwnError::kBusy, why.text, kRetryAfter);
    case NotFollowed::Why::kOldToken: return RefuseBy(OwnError::kUnauthenticated, why.text);
    case NotFollowed::Why::kAway:
      return RefuseBy(OwnError::kUnavailable, "the query cannot be asked now; try again", kRetryAfter);
    case NotFollowed::Why::kRefused: break;
  }
  return RefuseBy(OwnError::kBroken, developer ? why.text : "the query cannot be followed");
}

std::string WithoutApiKey(std::string_view query) {
  std::string text;
  UrlPairs pairs(query);
  while (const auto pair = pairs.Next()) {
    if (pair->name == kApiKeyName) continue;
    text += (text.empty() ? "" : "&") + std::string(pair->name) + "=" + std::string(pair->value);
  }
  return text;
}

std::string EventOf(std::string_view name, std::string_view json) {
  return fmt::format("event: {}\ndata: {}\n\n", name, json);
}

std::string EndEvent(std::string_view code, std::string_view message) {
  std::string json;
  JsonWriter writer(json);
  writer.BeginObject();
  writer.Member("code", code);
  writer.Member("message", message);
  writer.EndObject();
  return EventOf("end", json);
}

std::string_view CodeOf(NotFollowed::Why why) {
  switch (why) {
    case NotFollowed::Why::kLimit: return "limit";
    case NotFollowed::Why::kRefused: return "refused";
    case NotFollowed::Why::kAway: return "restart";
    case NotFollowed::Why::kOldToken: return "token_expired";
  }
  return "restart";
}

class StreamSource final : public http::BodySource {
 public:
  struct Options {
    net::Loop& loop;
    LiveQueries& live;
    std::function<bool(const auth::Caller&)> is_revoked;
    bool developer = false;
    std::string channel;
    std::string cohort;
    std::optional<auth::Caller> caller;  // nullopt: everybody may follow it
    std::unique_ptr<StreamLimits::Place> place;
  };
  StreamSource(Options options, EventPosition has) : at_(std::move(options)), has_(std::move(has)) {}

  std::size_t queued_bytes_max() const override { return kQueuedBytesMax; }

  Task<Result<void>> WriteTo(http::BodyWriter& body) override {
    while (true) {
      net::Reply<NextEvents> reply(at_.loop);
      at_.live.PostNext({.channel = at_.channel, .cohort = at_.cohort, .has = has_}, reply.sender());
      const NextEvents next = co_await reply;
      std::string told = WhyOver(next);
      if (!told.empty()) {
        co_await body.Write(told);
        co_return Result<void>();
      }
      for (const EventText& each : next.events) {
        for (std::size_t at = 0; at < each->size(); at += kPieceBytes) {
          co_await body.Write(std::string_view(*each).substr(at, kPieceBytes));
        }
      }
      told = Told(next);
      if (!told.empty()) co_await body.Write(told);
      has_ = {
          .cohort = at_.cohort, .version = next.version, .stale_since = next.stale_since, .has_result = true};
    }
  }

 private:
  // "": it goes on. Looked at in front of all that is sent.
  std::string WhyOver(const NextEvents& next) const {
    const std::int64_t seconds = at_.loop.clock().WallNow().ms / 1000;
    if (at_.caller && at_.caller->expire_at != 0 && at_.caller->expire_at <= seconds) {
      return EndEvent("token_expired", "the token has expired: come back with another one");
    }
    if (at_.caller && at_.is_revoked(*at_.caller)) {
      return EndEvent("token_revoked", "the token was revoked, or its user is blocked");
    }
    if (!next.ended) return "";
    const bool tells = at_.developer || next.ended->why != NotFollowed::Why::kRefused;
    return EndEvent(CodeOf(next.ended->why), tells ? next.ended->text : "the query cannot be followed");
  }

  // Beside the rows: that it is stale, or not any more; or a sign of life.
  std::string Told(const NextEvents& next) const {
    if (next.stale_since != has_.stale_since) {
      return next.stale_since == 0 ? EventOf("fresh", "{}")
                                   : EventOf("stale", fmt::format(R"({{"since":{}}})", next.stale_since));
    }
    return next.events.empty() ? ":\n\n" : "";
  }

  const Options at_;
  EventPosition has_;
};

}  // namespace

Task<http::Response> LiveStreams::Open(const http::Request& request,
                                       std::shared_ptr<const ServedEndpoint> served, Identity identity) {
  if (!at_.off.empty()) co_return RefuseBy(OwnError::kUnavailable, at_.off);
  const bool of_somebody = served->query().auth.required;
  const std::string user = identity.caller ? identity.caller->user : "";
  Name name{
      .path = std::string(request.path.substr(std::min(at_.queries.prefix.size(), request.path.size()))),
      .query = {},
      .user = {}};
  auto query = SpellQuery(WithoutApiKey(request.query));
  if (!query) co_return RefuseBy(OwnError::kInvalidRequest, "the query " + query.error());
  name.query = *std::move(query);
  std::optional<auth::Caller> caller;
  if (of_somebody) {
    caller = identity.caller;
  } else {
    identity = Identity();
  }
  auto follow = MakeFollowCall({.name = name,
                                .served = served,
                                .path_names = request.path_names,
                                .path_values = request.path_values,
                                .identity = identity,
                                .starter = user.empty() ? "address " + RateKey(request.peer) : "user " + user,
                                .issued_at = caller ? caller->token.issued_at : 0,
                                .good_until = caller ? caller->expire_at : 0},
                               at_.queries, at_.dialect);
  if (!follow) co_return ToResponse(MakeError(follow.error()));
  // A service, or one whose token names no user: a channel that no client can subscribe to, as a name has
  // one user, without a comma.
  if (of_somebody) name.user = user.empty() ? "," + std::to_string(SipHash({}, follow->scope)) : user;
  follow->channel = WriteName(name, at_.name_space);
  std::string_view reached;
  std::unique_ptr<StreamLimits::Place> place = at_.limits.Enter(follow->starter, reached);
  if (place == nullptr) {
    co_return RefuseBy(OwnError::kRate, fmt::format("{} is reached", reached), kRetryAfter);
  }
  std::string channel = follow->channel;
  net::Reply<Followed> reply(at_.loop);
  at_.live.PostFollow(*std::move(follow), reply.sender());
  const Followed followed = co_await reply;
  if (!followed) co_return Refuse(followed.error(), at_.developer);
  http::Response response;
  response.headers = {{"Content-Type", "text/event-stream; charset=utf-8"},
                      {"Cache-Control", "no-store"},
                      {"Vary", "Accept"},
                      {"X-Accel-Buffering", "no"}};
  response.body_source = std::make_shared<StreamSource>(
      StreamSource::Options{.loop = at_.loop,
                            .live = at_.live,
                            .is_revoked = at_.is_revoked,
                            .developer = at_.developer,
                            .channel = std::move(channel),
                            .cohort = followed->cohort,
                            .caller = std::move(caller),
                            .place = std::move(place)},
      EventPosition::Parse(request.Header("Last-Event-ID").value_or("")).value_or(EventPosition()));
  co_return response;
}

}  // namespace tidemill::queries::live
