#include "server/node_queries.h"

#include <utility>

#include "auth/api_key_authenticator.h"
#include "queries/openapi/documents.h"
#include "server/token_callers.h"
#include "server/version.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

std::vector<net::Loop*> LoopsOf(const std::vector<session::Context*>& contexts) {
  std::vector<net::Loop*> loops;
  for (const session::Context* const context : contexts) loops.push_back(&context->loop);
  return loops;
}

// The tokens that clients connect with, and the API's keys.
std::shared_ptr<auth::Authenticator> AuthenticatorFor(const session::Context& context,
                                                      const std::vector<config::Secret>& api_keys) {
  return auth::MakeAnyAuthenticator(
      {TokenAuthenticatorOf(context), std::make_shared<auth::ApiKeyAuthenticator>(api_keys)});
}

std::function<void(const std::shared_ptr<const queries::Catalog>&, http::Router&)> DocumentsOf(
    const std::string& prefix, bool developer) {
  using queries::BrokenOnes;
  const queries::OpenApiOptions options{
      .prefix = prefix, .broken = developer ? BrokenOnes::kWithReasons : BrokenOnes::kLeftOut};
  return [options](const std::shared_ptr<const queries::Catalog>& catalog, http::Router& router) {
    queries::AddDocuments(*catalog, options, router);
  };
}

}  // namespace

Result<std::unique_ptr<NodeQueries>> NodeQueries::Open(const Options& options, Databases& databases,
                                                       const settings::Settings& settings,
                                                       metrics::Registry& registry) {
  std::unique_ptr<NodeQueries> node(new NodeQueries(options.contexts));
  TM_TRY_ASSIGN(node->caches_, queries::Caches::Open(LoopsOf(options.contexts),
                                                     {.settings = settings.queries_cache,
                                                      .redis = settings.broker.redis,
                                                      .node = options.node_id,
                                                      .redis_metrics = options.redis_metrics},
                                                     registry));
  queries::QueriesOptions of_queries{
      .settings = settings.queries,
      .developer = options.developer,
      .migrations = {.postgres_schema = settings.postgres.schema, .applied_by = kVersion},
      .add_documents = DocumentsOf(settings.queries.prefix, options.developer),
      .on_serving = {},
      .on_write = {}};
  if (settings.queries_live.enabled) {
    TM_TRY_ASSIGN(node->live_, NodeLive::Open({.contexts = options.contexts,
                                               .developer = options.developer,
                                               .cache = &node->caches_->OfLoop(0)},
                                              databases, settings, registry));
    NodeLive* const live = node->live_.get();
    of_queries.on_serving = [live](const queries::Serving& serving) { live->ReplaceServing(serving); };
    of_queries.on_write = [live](const queries::Written& written) { live->NoteWrite(written); };
    of_queries.commits = &live->commits();
  }
  std::vector<queries::QueriesLoop> loops;
  for (std::size_t i = 0; i < options.contexts.size(); ++i) {
    session::Context& context = *options.contexts[i];
    loops.push_back({.loop = &context.loop,
                     .database = databases.main(i),
                     .authenticator = AuthenticatorFor(context, settings.http_api.keys),
                     .streams = node->live_ ? &node->live_->StreamsOf(i) : nullptr});
  }
  node->queries_ = queries::MakeQueries(std::move(loops), std::move(of_queries), *node->caches_, registry);
  if (node->live_) node->live_->AddAuthorities(*node->queries_, settings);
  return node;
}

void NodeQueries::Start() {
  if (live_) live_->Start();
  queries_->Start();
}

void NodeQueries::EndTasks() {
  queries_->EndTasks();
  if (live_) live_->EndTasks();
}

void NodeQueries::TakeOver(std::size_t loop_index, const std::vector<config::Secret>& api_keys) {
  queries_->ReplaceAuthenticator(loop_index, AuthenticatorFor(*contexts_[loop_index], api_keys));
}

std::optional<ServiceProblem> NodeQueries::problem() const {
  if (queries_->ready()) return std::nullopt;
  return ServiceProblem{.since = since_,
                        .from_start = true,
                        .status = "queries not ready",
                        .why = "the endpoints are not known yet"};
}

}  // namespace tidemill::server
