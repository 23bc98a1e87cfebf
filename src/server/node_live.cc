#include "server/node_live.h"

#include <utility>

#include "queries/live/postgres_changes.h"
#include "queries/live/sqlite_changes.h"
#include "server/token_callers.h"
#include "settings/settings.h"

namespace tidemill::server {

using queries::live::LiveAuthority;
using queries::live::LiveQueries;

namespace {

sql::Dialect DialectOf(const settings::Settings& settings) {
  return settings.postgres.given() ? sql::Dialect::kPostgres : sql::Dialect::kSqlite;
}

std::string WhyOff(const settings::Settings& settings) {
  return settings.broker.type == "redis" ? "live queries need broker.type = \"memory\"" : "";
}

}  // namespace

Result<std::unique_ptr<NodeLive>> NodeLive::Open(const Options& options, Databases& databases,
                                                 const settings::Settings& settings,
                                                 metrics::Registry& registry) {
  std::unique_ptr<NodeLive> node(new NodeLive(options, databases, settings, registry));
  if (settings.postgres.given()) {
    node->changes_.SetSource(
        queries::live::MakePostgresChanges(node->first_, *databases.main(0),
                                           {.postgres_schema = settings.postgres.schema,
                                            .create_triggers = settings.queries_live.create_triggers},
                                           node->changes_));
    if (settings.queries_live.changes != "poll") node->FollowCached(*options.cache);
  } else {
    // It cannot tell others' commits from our own, so that the cache is not told.
    TM_TRY_ASSIGN(sql::Database* const beside, databases.OpenBeside(node->first_));
    node->changes_.SetSource(queries::live::MakeSqliteChanges(node->first_, *beside, node->changes_));
  }
  node->live_source_ = node->changes_.Open(*node->live_);
  node->live_->SetSource(node->live_source_.get());
  node->AddStreams(settings);
  return node;
}

void NodeLive::FollowCached(queries::Cache& cache) {
  cached_ = std::make_unique<queries::live::CachedAnswers>(
      first_, [this, &cache](auto names) { scope_->Spawn(cache.Changed(std::move(names))); });
  cached_source_ = changes_.Open(*cached_);
  cached_->SetSource(*cached_source_);
}

NodeLive::NodeLive(const Options& options, Databases& databases, const settings::Settings& settings,
                   metrics::Registry& registry)
    : contexts_(options.contexts),
      developer_(options.developer),
      prefix_(settings.queries_live.name_space + ":"),
      first_(contexts_.front()->loop),
      metrics_(registry),
      live_(std::make_unique<LiveQueries>(
          LiveQueries::Surroundings{
              .loop = first_,
              .database = databases.OpenApart(first_, settings.queries_live.connections, settings),
              .maps = contexts_.front()->maps,
              .metrics = metrics_,
              .commits = &commits_},
          settings.queries_live)) {}

void NodeLive::AddStreams(const settings::Settings& settings) {
  stream_limits_ = std::make_shared<queries::live::StreamLimits>(
      queries::live::StreamLimits::Options{.all_max = settings.queries_live.streams_max,
                                           .each_max = settings.queries_live.streams_per_user_max},
      metrics_.streams);
  for (session::Context* const context : contexts_) {
    streams_.push_back(std::make_unique<queries::live::LiveStreams>(
        queries::live::LiveStreams::Surroundings{.loop = context->loop,
                                                 .live = *live_,
                                                 .limits = *stream_limits_,
                                                 .is_revoked = RevokedCheckOf(*context),
                                                 .queries = settings.queries,
                                                 .name_space = settings.queries_live.name_space,
                                                 .dialect = DialectOf(settings),
                                                 .developer = developer_,
                                                 .off = WhyOff(settings)}));
  }
}

void NodeLive::AddAuthorities(const queries::Queries& queries, const settings::Settings& settings) {
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    authorities_.push_back(std::make_unique<LiveAuthority>(LiveAuthority::Surroundings{
        .loop = contexts_[i]->loop,
        .live = *live_,
        .find = [&queries, i](std::string_view path) { return queries.Find(i, path); },
        .queries = settings.queries,
        .name_space = settings.queries_live.name_space,
        .dialect = DialectOf(settings),
        .developer = developer_,
        .off = WhyOff(settings)}));
    contexts_[i]->authorities.Register(settings.queries_live.name_space, *authorities_.back());
  }
}

void NodeLive::ReplaceServing(const queries::Serving& serving) {
  live_->ReplaceServing(serving);
  if (cached_) cached_->ReplaceServing(serving);
}

void NodeLive::Start() {
  first_.Post([this] { live_->Start(); });
}

void NodeLive::NoteWrite(const queries::Written& written) {
  first_.Post([this, written] { live_->NoteWrite(written.tables, written.transaction); });
}

void NodeLive::Tell(const broker::ChannelName& channel, bool occupied) {
  if (!channel.value().starts_with(prefix_)) return;
  first_.Post(
      [this, name = channel.value(), occupied]() mutable { live_->SetOccupied(std::move(name), occupied); });
}

// The queries' tasks refer to the source, and it tells them.
void NodeLive::EndTasks() {
  cached_.reset();
  live_.reset();
  changes_.SetSource(nullptr);
  scope_.reset();
}

}  // namespace tidemill::server
