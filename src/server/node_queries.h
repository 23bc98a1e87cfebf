// NodeQueries: a node's folder of .sql files as endpoints on all its loops, with the cache of their answers.
//
// Made before the loops run, on the main thread, as are Start and EndTasks.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/secret.h"
#include "http/router.h"
#include "metrics/metrics.h"
#include "queries/cache/caches.h"
#include "queries/endpoint/queries.h"
#include "realtime/session/context.h"
#include "server/databases.h"
#include "server/health.h"
#include "server/node_live.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class NodeQueries {
 public:
  struct Options {
    std::vector<session::Context*>
        contexts;  // of all loops, in their order: callers have their clients' tokens
    std::string node_id;
    redis::Metrics* redis_metrics = nullptr;  // null: nobody else talks to a Redis
    bool developer = false;                   // `serve --dev`
  };
  // All that is borrowed outlives it. kInvalidArgument names the setting.
  static Result<std::unique_ptr<NodeQueries>> Open(const Options& options, Databases& databases,
                                                   const settings::Settings& settings,
                                                   metrics::Registry& registry);

  void AddRoutes(std::size_t loop_index, http::Router& router) { queries_->AddRoutes(loop_index, router); }
  // Null: nothing can be followed.
  NodeLive* live() { return live_.get(); }
  void Start();
  void EndTasks();

  // On that loop: tokens are checked as the context says now, and these are the API keys.
  void TakeOver(std::size_t loop_index, const std::vector<config::Secret>& api_keys);
  std::size_t changes(std::size_t loop_index) const { return queries_->changes(loop_index); }

  // Any thread: nothing is served yet.
  std::optional<ServiceProblem> problem() const;

 private:
  explicit NodeQueries(std::vector<session::Context*> contexts) : contexts_(std::move(contexts)) {}

  const std::vector<session::Context*> contexts_;
  const MonotonicTime since_ = SystemClock().Now();
  std::unique_ptr<queries::Caches> caches_;
  std::unique_ptr<NodeLive> live_;  // null: queries.live.enabled is false
  std::unique_ptr<queries::Queries> queries_;
};

}  // namespace tidemill::server
