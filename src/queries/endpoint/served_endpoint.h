// ServedEndpoint: an endpoint with all that its requests need, made once for all loops.
//
// Immutable, but for what it counts; any thread. A request that is under way keeps the one that it began
// with.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "queries/answer/answer_plan.h"
#include "queries/cache/generations.h"
#include "queries/cache/policy.h"
#include "queries/catalog/catalog.h"
#include "queries/catalog/endpoint.h"
#include "queries/endpoint/metrics.h"
#include "queries/endpoint/rate_limiter.h"
#include "queries/endpoint/stale_endpoints.h"
#include "queries/values/request_reader.h"
#include "queries/values/statements.h"
#include "sql/database.h"

namespace tidemill::queries {

struct ServedEndpoint {
  std::shared_ptr<const Endpoint> endpoint;
  std::shared_ptr<const RequestReader> reader;
  std::shared_ptr<const Statements> statements;
  std::shared_ptr<const AnswerPlan> answer;
  Duration timeout;                          // of its work in the database
  std::uint64_t rows_max = 0;                // of an answer that is not streamed
  std::shared_ptr<RateLimiter> rate;         // null: no @rate
  std::shared_ptr<const CachePolicy> cache;  // null: no @cache
  // What its writes change, of tables and tags; with `changes_all` nobody knows what else.
  std::vector<std::string> changes;
  bool changes_all = false;
  std::shared_ptr<EndpointMetrics> metrics;  // null: nothing is counted
  QueriesMetrics* all_metrics = nullptr;     //
  StaleEndpoints* stale = nullptr;           // null: nobody describes it anew

  // The database has said of one of its statements that it is not valid.
  void NoteStale() const;
  const files::Query& query() const { return *endpoint->query; }
};

struct ServingOptions {
  sql::Dialect dialect = sql::Dialect::kSqlite;
  Duration statement_timeout = Seconds(5);
  std::uint64_t rows_max = 10'000;
  std::vector<std::string> other_query_names;  // of query strings, that others read
  Generations* generations = nullptr;          // null: nothing is cached
  QueriesMetrics* metrics = nullptr;           // null: nothing is counted, as in tools
  StaleEndpoints* stale = nullptr;             // is told which may be; null: nobody is
};

// All of a catalog, ready to be served.
struct Serving {
  std::shared_ptr<const Catalog> catalog;  // with what cannot be served among the broken
  std::vector<std::shared_ptr<const ServedEndpoint>> endpoints;  // in the order of the catalog's
};

// Endpoints that `previous` has too are taken over. Any thread; not on a loop, if there may be many.
Serving MakeServing(std::shared_ptr<const Catalog> catalog, const ServingOptions& options,
                    const Serving* previous);

}  // namespace tidemill::queries
