// QueryHandler: answers the requests of one endpoint on one loop: who asks, what they ask, the cache, the
// database, the answer.
//
// Made on any thread; then the loop's thread only. A request that is under way keeps its handler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "http/handler.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "queries/cache/cache.h"
#include "queries/endpoint/identity.h"
#include "queries/endpoint/query_run.h"
#include "queries/endpoint/result_streams.h"
#include "queries/endpoint/served_endpoint.h"
#include "queries/endpoint/settings.h"
#include "queries/endpoint/unsettled_writes.h"
#include "queries/endpoint/written.h"
#include "queries/idempotency/idempotency.h"
#include "sql/database.h"

namespace tidemill::queries {

// What the handlers of one loop share. The loop's thread only.
struct QueryServices {
  // Writes under way at once, of all endpoints; one more is refused.
  static constexpr std::size_t kWritesMax = 10'000;

  net::Loop& loop;
  sql::Database& database;
  const QueriesSettings& settings;
  QueriesMetrics& metrics;
  Cache* cache = nullptr;              // null: nothing is cached
  Idempotency* idempotency = nullptr;  // null: an Idempotency-Key means nothing
  // Told what a write has changed, once it is committed and before its client is told; may be empty.
  std::function<void(const Written& written)> on_write;
  Commits* commits = nullptr;        // of SQLite, which numbers none; null: writes are not told apart
  ResultStreams* streams = nullptr;  // null: no result is streamed as events
  std::optional<UnsettledWrites> unsettled{};          // nullopt: they are told of once
  bool developer = false;                              // answers say all that the database says
  std::shared_ptr<auth::Authenticator> authenticator;  // a reload replaces it
  std::optional<TaskScope> writes{std::in_place};      // last: they run to their end here
};

// Who sends the request, or what refuses the credentials that it has.
Task<std::expected<Identity, http::Response>> IdentifyCaller(QueryServices& services,
                                                             const http::Request& request);

// Ends what depends on these tables and tags. `transaction`: as Written has it.
Task<void> TellChanged(QueryServices& services, std::vector<std::string> changes,
                       std::string transaction = {});

class QueryHandler final : public http::Handler, public std::enable_shared_from_this<QueryHandler> {
 public:
  // `services` outlives it. Writes say which transaction they were where something is live.
  enum class Writes : std::uint8_t { kPlain, kTellTransaction };
  QueryHandler(QueryServices& services, std::shared_ptr<const ServedEndpoint> served, Writes writes)
      : services_(services), served_(std::move(served)), writes_(writes) {}

  std::size_t body_bytes_max() const override { return services_.settings.body_max; }
  std::optional<http::Response> Admit(const http::Request& request) override;
  Task<http::Response> Handle(const http::Request& request) override;

  const std::shared_ptr<const ServedEndpoint>& served() const { return served_; }

 private:
  struct Times;
  class Place;

  Task<http::Response> Answer(const http::Request& request, Times& times, Place& place);
  Task<http::Response> AnswerTo(const Identity& identity, const http::Request& request, Times& times,
                                Place& place);
  Task<std::expected<Identity, http::Response>> Identify(const http::Request& request);
  std::optional<http::Response> RefuseRate(const http::Request& request, const Identity& identity) const;
  QueryRun MakeRun(const http::Request& request, const Identity& identity, TypedRequest typed) const;
  std::shared_ptr<const sql::LocalSettings> SettingsFor(const http::Request& request,
                                                        const Identity& identity, Duration timeout) const;
  std::shared_ptr<const sql::LocalSettings> SharedSettingsFor(const http::Request& request,
                                                              const Identity& identity) const;
  Task<http::Response> AnswerFromCache(const http::Request& request, const Identity& identity, QueryRun run);
  std::optional<http::Response> NameWrite(const http::Request& request, const Identity& identity,
                                          QueryRun& run,
                                          std::optional<WritesInFlight::Entry>& in_flight) const;
  static Task<http::Response> Write(QueryServices& services, QueryRun run,
                                    std::optional<WritesInFlight::Entry> in_flight,
                                    std::optional<Place> place);

  QueryServices& services_;
  const std::shared_ptr<const ServedEndpoint> served_;
  const Writes writes_;
  std::size_t in_flight_ = 0;
};

}  // namespace tidemill::queries
