#include "queries/endpoint/served_endpoint.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "queries/cache/answers_name.h"

namespace tidemill::queries {
namespace {

using ServedPtr = std::shared_ptr<const ServedEndpoint>;

void SetChanges(const Endpoint& endpoint, ServedEndpoint& served) {
  if (endpoint.access == sql::Access::kRead) return;
  served.changes = endpoint.writes;
  const std::vector<std::string>& said = endpoint.query->invalidates;
  served.changes.insert(served.changes.end(), said.begin(), said.end());
  served.changes_all = !endpoint.knows_tables && said.empty();
}

// The error, for the file's author.
std::expected<ServedPtr, std::string> MakeServed(std::shared_ptr<const Endpoint> endpoint,
                                                 const ServingOptions& options,
                                                 const ServedEndpoint* before) {
  auto served = std::make_shared<ServedEndpoint>();
  const files::Query& query = *endpoint->query;
  ReaderOptions reader;
  reader.other_query_names = options.other_query_names;
  TM_TRY_ASSIGN(served->reader, RequestReader::Make(endpoint, options.dialect, std::move(reader)));
  TM_TRY_ASSIGN(served->statements, Statements::Make(endpoint, options.dialect));
  TM_TRY_ASSIGN(served->answer, AnswerPlan::Make(endpoint, options.dialect));
  served->timeout = query.timeout.value_or(options.statement_timeout);
  served->rows_max = options.rows_max;
  if (query.rate) {
    const bool same = before != nullptr && before->query().rate == query.rate;
    served->rate = same ? before->rate : std::make_shared<RateLimiter>(*query.rate);
  }
  if (query.cache && options.generations != nullptr) {
    std::vector<std::string> names = endpoint->reads;
    if (!names.empty()) names.push_back(AnswersNameOf(endpoint->operation_id));
    served->cache = MakeCachePolicy(*query.cache, names, *options.generations);
  }
  SetChanges(*endpoint, *served);
  if (options.metrics != nullptr) served->metrics = options.metrics->Open(endpoint->operation_id);
  served->all_metrics = options.metrics;
  served->stale = options.stale;
  served->endpoint = std::move(endpoint);
  return served;
}

bool IsBefore(const BrokenEndpoint& a, const BrokenEndpoint& b) {
  return std::tie(a.route.segments, a.route.method) < std::tie(b.route.segments, b.route.method);
}

}  // namespace

void ServedEndpoint::NoteStale() const {
  if (all_metrics != nullptr) all_metrics->stale_statements.Add();
  if (stale != nullptr) stale->Note(endpoint);
}

Serving MakeServing(std::shared_ptr<const Catalog> catalog, const ServingOptions& options,
                    const Serving* previous) {
  std::map<std::string_view, ServedPtr> known;
  if (previous != nullptr) {
    for (const ServedPtr& each : previous->endpoints) known.emplace(each->endpoint->operation_id, each);
  }
  Serving serving;
  auto checked = std::make_shared<Catalog>(*catalog);
  checked->endpoints.clear();
  for (const std::shared_ptr<const Endpoint>& endpoint : catalog->endpoints) {
    const auto found = known.find(endpoint->operation_id);
    const ServedEndpoint* const before = found == known.end() ? nullptr : found->second.get();
    std::expected<ServedPtr, std::string> served;
    if (before != nullptr && before->endpoint == endpoint) {
      served = found->second;
    } else {
      served = MakeServed(endpoint, options, before);
    }
    if (!served) {
      checked->broken.push_back({.route = endpoint->query->route,
                                 .path = endpoint->file->path,
                                 .reason = endpoint->file->path + ": " + served.error()});
      continue;
    }
    checked->endpoints.push_back(endpoint);
    serving.endpoints.push_back(*std::move(served));
  }
  std::ranges::sort(checked->broken, IsBefore);
  serving.catalog = std::move(checked);
  return serving;
}

}  // namespace tidemill::queries
