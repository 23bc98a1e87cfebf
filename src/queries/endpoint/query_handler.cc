#include "queries/endpoint/query_handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "http/body.h"
#include "net/run_to_end.h"
#include "queries/answer/compress.h"
#include "queries/answer/error_answer.h"
#include "queries/answer/server_timing.h"
#include "queries/cache/conditional.h"
#include "queries/endpoint/database_settings.h"
#include "queries/values/accept.h"

namespace tidemill::queries {
namespace {

constexpr Duration kRetryAfter = Seconds(1);
// A write that is not known to have ended has, so much later than it may take: what stands in front of it on
// its connection has a timeout of its own.
constexpr Duration kSettledWithin = Seconds(30);

http::Response RefuseBy(OwnError error, std::string message, std::optional<Duration> retry_after = {}) {
  ErrorAnswer answer = MakeError(error, std::move(message));
  if (retry_after) answer.retry_after = retry_after;
  return ToResponse(answer);
}

http::Response Unauthenticated(const auth::Authenticator& authenticator, std::string message) {
  ErrorAnswer answer = MakeError(OwnError::kUnauthenticated, std::move(message));
  answer.headers.emplace_back("WWW-Authenticate", authenticator.Challenge());
  return ToResponse(answer);
}

http::Response RefuseCredentials(const Error& error, const auth::Authenticator& authenticator) {
  if (error.code == Errc::kExpired) return Unauthenticated(authenticator, "the token has expired");
  if (error.code == Errc::kUnauthenticated) {
    return Unauthenticated(authenticator, "the token or key is not good");
  }
  return RefuseBy(OwnError::kUnavailable, "tokens cannot be checked now; try again", kRetryAfter);
}

Task<http::Response> Given(http::Response response) { co_return response; }

Task<http::Response> Read(QueryServices& services, QueryRun run) {
  co_return (co_await RunQuery(services.loop, services.database, std::move(run))).response;
}

Task<http::Response> ToEnd(TaskScope& scope, Task<http::Response> write) {
  co_return co_await RunToEnd(scope, std::move(write));
}

// What shapes an answer besides the parameters. Links to other pages keep the query string.
std::string VariantOf(const QueryRun& run) {
  const TypedRequest& request = run.request;
  const Preferences& prefer = request.preferences;
  if (prefer == Preferences() && request.sort.empty() && !request.page) return "";
  std::string text = fmt::format("{} {} {} {}", static_cast<int>(prefer.count),
                                 prefer.answer ? static_cast<int>(*prefer.answer) : -1,
                                 prefer.max_affected.value_or(0), prefer.strict);
  for (const SortKey& key : request.sort) {
    text += fmt::format("|{} {} {}", key.column, key.descending, static_cast<int>(key.nulls));
  }
  if (request.page) {
    text += fmt::format("|{} {} {}", request.page->limit, request.page->offset, run.query_string);
  }
  return text;
}

// Callers share their keys' meaning only if they are the same.
std::string NameOfCaller(const Identity& identity) {
  if (!identity.caller) return "anyone";
  switch (identity.caller->kind) {
    case auth::Caller::Kind::kAnyone: return "anyone";
    case auth::Caller::Kind::kApiKey: return "service";
    case auth::Caller::Kind::kToken:
    case auth::Caller::Kind::kAccount: break;
  }
  const bool named = !identity.caller->user.empty();
  return named ? "user " + identity.caller->user : "claims " + identity.caller->claims;
}

}  // namespace

Task<std::expected<Identity, http::Response>> IdentifyCaller(QueryServices& services,
                                                             const http::Request& request) {
  const std::shared_ptr<auth::Authenticator> authenticator = services.authenticator;
  std::optional<auth::Caller> caller;
  if (authenticator->HasCredentials(request)) {
    auto found = co_await authenticator->Authenticate(request);
    if (!found) {
      services.metrics.refused_callers.Add();
      co_return std::unexpected(RefuseCredentials(found.error(), *authenticator));
    }
    caller = *std::move(found);
  }
  co_return MakeIdentity(std::move(caller), services.settings.role_claim);
}

Task<void> TellChanged(QueryServices& services, std::vector<std::string> changes, std::string transaction) {
  if (services.on_write) services.on_write({.tables = changes, .transaction = std::move(transaction)});
  if (services.cache != nullptr) co_await services.cache->Changed(std::move(changes));
}

// Where the time of a request went, in microseconds.
struct QueryHandler::Times {
  std::int64_t begun = MonotonicMicros();
  std::int64_t identified = 0;
  std::int64_t read = 0;

  std::string ToHeader(std::int64_t now) const {
    if (read == 0) return "";
    const std::array<Timing, 3> timings = {Timing{.name = "auth", .micros = identified - begun},
                                           Timing{.name = "parse", .micros = read - identified},
                                           Timing{.name = "query", .micros = now - read}};
    return ServerTiming(timings);
  }
};

// One of the requests under way; goes with the answer's body where that is streamed, and with a write to its
// end.
class QueryHandler::Place {
 public:
  explicit Place(std::shared_ptr<QueryHandler> handler) : handler_(std::move(handler)) {
    ++handler_->in_flight_;
    handler_->services_.metrics.in_flight.Add(1);
  }
  Place(Place&& other) noexcept : handler_(std::move(other.handler_)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (!handler_) return;
    --handler_->in_flight_;
    handler_->services_.metrics.in_flight.Sub(1);
  }

  class Source;

 private:
  std::shared_ptr<QueryHandler> handler_;
};

class QueryHandler::Place::Source final : public http::BodySource {
 public:
  Source(std::shared_ptr<http::BodySource> source, Place place)
      : source_(std::move(source)), place_(std::move(place)) {}
  Task<Result<void>> WriteTo(http::BodyWriter& body) override { return source_->WriteTo(body); }

 private:
  const std::shared_ptr<http::BodySource> source_;
  const Place place_;
};

std::optional<http::Response> QueryHandler::Admit(const http::Request& request) {
  const auth::Authenticator& authenticator = *services_.authenticator;
  if (!served_->query().auth.required || authenticator.HasCredentials(request)) return std::nullopt;
  services_.metrics.refused_callers.Add();
  return Unauthenticated(authenticator, "a token is needed");
}

Task<http::Response> QueryHandler::Handle(const http::Request& request) {
  Times times;
  http::Response response;
  if (in_flight_ >= services_.settings.concurrency_per_endpoint) {
    services_.metrics.refused_busy.Add();
    response = RefuseBy(OwnError::kBusy, "too many requests to this endpoint are under way", kRetryAfter);
  } else {
    Place place(shared_from_this());
    response = co_await Answer(request, times, place);
    if (response.body_source) {
      response.body_source = std::make_shared<Place::Source>(response.body_source, std::move(place));
    } else {
      response = Compress(std::move(response), request, services_.loop);
    }
  }
  const std::int64_t now = MonotonicMicros();
  if (std::string timing = times.ToHeader(now); !timing.empty()) {
    response.headers.emplace_back("Server-Timing", std::move(timing));
  }
  if (served_->metrics) served_->metrics->Count(response.status, now - times.begun);
  co_return response;
}

Task<http::Response> QueryHandler::Answer(const http::Request& request, Times& times, Place& place) {
  auto identity = co_await Identify(request);
  if (!identity) co_return std::move(identity).error();
  times.identified = MonotonicMicros();
  if (auto refused = RefuseRate(request, *identity)) co_return *std::move(refused);
  if (services_.streams != nullptr && served_->query().live && AsksForEvents(request)) {
    const Place ends = std::move(place);  // streams have limits of their own
    co_return co_await services_.streams->Open(request, served_, *std::move(identity));
  }
  // An answer for everybody is asked for as nobody: policies must not look at whoever happens to ask first.
  if (served_->cache && served_->cache->everybody) *identity = Identity{};
  co_return co_await AnswerTo(*identity, request, times, place);
}

// No coroutine: what it makes would stay in its frame while the database works.
Task<http::Response> QueryHandler::AnswerTo(const Identity& identity, const http::Request& request,
                                            Times& times, Place& place) {
  auto typed = served_->reader->Read(request, identity.claims_json());
  if (!typed) return Given(ToResponse(MakeError(typed.error())));
  times.read = MonotonicMicros();
  const bool streamed = IsStream(*served_, *typed);
  QueryRun run = MakeRun(request, identity, *std::move(typed));
  // The cache's place: behind all checks, in front of the database.
  if (served_->cache && services_.cache != nullptr && !streamed) {
    return AnswerFromCache(request, identity, std::move(run));
  }
  run.settings = SettingsFor(request, identity, streamed ? kStreamMax : served_->timeout);
  if (streamed) return StreamQuery(services_.loop, services_.database, std::move(run), request);
  if (served_->endpoint->access == sql::Access::kRead) return Read(services_, std::move(run));
  if (services_.writes->running() >= QueryServices::kWritesMax) {
    services_.metrics.refused_busy.Add();
    return Given(RefuseBy(OwnError::kBusy, "too many writes are under way", kRetryAfter));
  }
  std::optional<WritesInFlight::Entry> in_flight;
  if (auto refused = NameWrite(request, identity, run, in_flight)) return Given(*std::move(refused));
  return ToEnd(*services_.writes, Write(services_, std::move(run), std::move(in_flight), std::move(place)));
}

Task<std::expected<Identity, http::Response>> QueryHandler::Identify(const http::Request& request) {
  auto identity = co_await IdentifyCaller(services_, request);
  if (!identity) co_return std::unexpected(std::move(identity).error());
  if (const auto refused = Refuse(served_->query().auth, *identity)) {
    services_.metrics.refused_callers.Add();
    if (identity->anonymous()) {
      co_return std::unexpected(Unauthenticated(*services_.authenticator, refused->message));
    }
    co_return std::unexpected(ToResponse(*refused));
  }
  co_return identity;
}

std::optional<http::Response> QueryHandler::RefuseRate(const http::Request& request,
                                                       const Identity& identity) const {
  if (!served_->rate) return std::nullopt;
  const std::string& claim = served_->query().rate->claim;
  std::string key;
  if (claim.empty()) {
    key = RateKey(request.peer);
  } else if (auto value = TextClaim(identity.claims_json(), claim)) {
    key = *std::move(value);
  }
  const auto wait = served_->rate->Take(key, services_.loop.clock().Now());
  if (!wait) return std::nullopt;
  services_.metrics.refused_rate.Add();
  return RefuseBy(OwnError::kRate, "too many requests", std::max(*wait, kRetryAfter));
}

QueryRun QueryHandler::MakeRun(const http::Request& request, const Identity& identity,
                               TypedRequest typed) const {
  return {.served = served_,
          .request = std::move(typed),
          .settings = nullptr,
          .deadline = services_.loop.clock().Now() + served_->timeout,
          .pool_wait = services_.settings.pool_wait,
          .query_string = std::string(request.query),
          .asker = {.developer = services_.developer, .anonymous = identity.anonymous()},
          .tells_transaction =
              writes_ == Writes::kTellTransaction && services_.database.dialect() == sql::Dialect::kPostgres};
}

// Null in SQLite.
std::shared_ptr<const sql::LocalSettings> QueryHandler::SettingsFor(const http::Request& request,
                                                                    const Identity& identity,
                                                                    Duration timeout) const {
  if (services_.database.dialect() != sql::Dialect::kPostgres) return nullptr;
  return DatabaseSettings(request, identity, RoleOf(identity, services_.settings.anonymous_role), timeout);
}

std::shared_ptr<const sql::LocalSettings> QueryHandler::SharedSettingsFor(const http::Request& request,
                                                                          const Identity& identity) const {
  if (services_.database.dialect() != sql::Dialect::kPostgres) return nullptr;
  return SharedDatabaseSettings(request, identity, RoleOf(identity, services_.settings.anonymous_role),
                                served_->timeout, served_->query().cache->scope);
}

// Whose claims the cache cannot tell from others' is answered from the database.
Task<http::Response> QueryHandler::AnswerFromCache(const http::Request& request, const Identity& identity,
                                                   QueryRun run) {
  const Endpoint& endpoint = *served_->endpoint;
  sql::Parameters of_page;
  if (run.request.page) {
    of_page = run.request.inputs.front();
    of_page.insert(of_page.end(), run.request.page->after.begin(), run.request.page->after.end());
  }
  const auto key = MakeCacheKey({.endpoint = endpoint.operation_id,
                                 .endpoint_version = endpoint.version,
                                 .parameters = run.request.page ? of_page : run.request.inputs.front(),
                                 .format = ContentType(run.request.format),
                                 .variant = VariantOf(run),
                                 .role = RoleOf(identity, services_.settings.anonymous_role),
                                 .claims = identity.claims_json(),
                                 .scope = served_->query().cache->scope});
  if (!key) {
    run.settings = SettingsFor(request, identity, served_->timeout);
    http::Response response = co_await Read(services_, std::move(run));
    response.headers.emplace_back("Cache-Status", kCacheBypassed);
    co_return response;
  }
  const Asker asker = run.asker;
  constexpr auto fill = [](QueryServices& services, QueryRun moved) -> Fill {
    QueryAnswer answer = co_await RunQuery(services.loop, services.database, std::move(moved));
    // A failure may be over at once, also one that is answered 404: a table that is not there.
    co_return Filled{.response = std::move(answer.response), .may_keep = answer.fate == Fate::kDone};
  };
  // What only the database needs is not made for a hit.
  auto found = co_await services_.cache->Get(*key, served_->cache, [&, this, fill] {
    run.settings = SharedSettingsFor(request, identity);
    return fill(services_, std::move(run));
  });
  if (!found) {
    co_return ToResponse(
        MakeError({.kind = sql::FailureKind::kUnavailable, .message = found.error().detail}, asker));
  }
  co_return RespondWith(*found, *served_->cache, request.Header("If-None-Match"),
                        services_.cache->store().metrics());
}

// What a write with an Idempotency-Key is known by; gives what refuses it.
std::optional<http::Response> QueryHandler::NameWrite(const http::Request& request, const Identity& identity,
                                                      QueryRun& run,
                                                      std::optional<WritesInFlight::Entry>& in_flight) const {
  const auto header = request.Header("Idempotency-Key");
  if (!header || services_.idempotency == nullptr) return std::nullopt;
  const auto key = ReadIdempotencyKey(*header);
  if (!key) return RefuseBy(OwnError::kInvalidRequest, key.error().detail);
  run.write = MakeWriteIdentity({.key = *key,
                                 .endpoint = served_->endpoint->operation_id,
                                 .caller = NameOfCaller(identity),
                                 .target = request.target,
                                 .content_type = request.Header("Content-Type").value_or(""),
                                 .body = request.body});
  run.idempotency = services_.idempotency;
  run.now = services_.loop.clock().WallNow();
  in_flight = services_.idempotency->in_flight.Enter(run.write->id);
  if (in_flight) return std::nullopt;
  services_.idempotency->metrics.under_way.Add();
  return ToResponse(MakeKeyUnderWay());
}

// What it changed ends cached answers before its client is told, also when nobody knows whether it happened.
Task<http::Response> QueryHandler::Write(QueryServices& services, QueryRun run,
                                         std::optional<WritesInFlight::Entry> in_flight,
                                         std::optional<Place> place) {
  const std::shared_ptr<const ServedEndpoint> served = run.served;
  QueryAnswer answer = co_await RunQuery(services.loop, services.database, std::move(run));
  if (answer.fate != Fate::kUndone) {
    const std::vector<std::string> everything{std::string(Generations::kEverything)};
    const std::vector<std::string>& changes = served->changes_all ? everything : served->changes;
    if (answer.fate == Fate::kUnknown && services.unsettled) {
      services.unsettled->Note(changes, services.loop.clock().Now() + served->timeout + kSettledWithin);
    }
    const bool numbers = answer.fate == Fate::kDone && services.commits != nullptr;
    if (numbers && services.database.dialect() == sql::Dialect::kSqlite) {
      answer.transaction = std::to_string(services.commits->Add());
      answer.response.headers.emplace_back(kTransactionHeader, answer.transaction);
    }
    co_await TellChanged(services, changes, answer.transaction);
  }
  // Not with this frame: the client may have the answer, and ask another loop, before that goes.
  in_flight.reset();
  place.reset();
  co_return std::move(answer.response);
}

}  // namespace tidemill::queries
