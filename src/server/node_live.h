// NodeLive: a node's live queries: who notices changes, who asks, and on each loop who may subscribe.
//
// The queries are asked, and changes noticed, on the first loop. Made before the loops run, on the main
// thread; the databases, the contexts and the publishers outlive it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/task_scope.h"
#include "queries/cache/cache.h"
#include "queries/endpoint/queries.h"
#include "queries/live/authority.h"
#include "queries/live/cached_answers.h"
#include "queries/live/changes.h"
#include "queries/live/live_queries.h"
#include "queries/live/metrics.h"
#include "queries/live/shared_changes.h"
#include "queries/live/stream_limits.h"
#include "queries/live/streams.h"
#include "realtime/broker/broker.h"
#include "realtime/session/context.h"
#include "server/databases.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class NodeLive final : public broker::OccupancyEvents {
 public:
  struct Options {
    std::vector<session::Context*> contexts;  // of all loops, in their order
    bool developer = false;
    // Its answers end when anybody has written into their tables.
    queries::Cache* cache = nullptr;  // of the first loop, never null
  };
  // kInvalidArgument: the embedded database cannot be read beside the server.
  static Result<std::unique_ptr<NodeLive>> Open(const Options& options, Databases& databases,
                                                const settings::Settings& settings,
                                                metrics::Registry& registry);

  // On the first loop; and on any.
  void ReplaceServing(const queries::Serving& serving);
  void NoteWrite(const queries::Written& written);
  queries::Commits& commits() { return commits_; }

  // Who may subscribe on each loop; `queries` outlives it.
  void AddAuthorities(const queries::Queries& queries, const settings::Settings& settings);
  queries::ResultStreams& StreamsOf(std::size_t loop_index) { return *streams_[loop_index]; }
  // On the first loop, before the server ends.
  void EndStreams() { live_->EndStreams(); }
  void Start();
  // Once the loops have stopped.
  void EndTasks();

  // Any loop.
  void OnOccupied(const broker::ChannelName& channel) override { Tell(channel, true); }
  void OnVacated(const broker::ChannelName& channel) override { Tell(channel, false); }

 private:
  NodeLive(const Options& options, Databases& databases, const settings::Settings& settings,
           metrics::Registry& registry);
  void AddStreams(const settings::Settings& settings);
  void FollowCached(queries::Cache& cache);
  void Tell(const broker::ChannelName& channel, bool occupied);

  const std::vector<session::Context*> contexts_;
  const bool developer_;
  const std::string prefix_;  // of its channels
  net::Loop& first_;
  queries::Commits commits_{SystemClock().WallNow()};
  queries::live::LiveMetrics metrics_;
  queries::live::SharedChanges changes_;
  std::unique_ptr<queries::live::LiveQueries> live_;
  std::unique_ptr<queries::live::ChangeSource> live_source_;
  std::unique_ptr<queries::live::CachedAnswers> cached_;  // null: their writes are not noticed
  std::unique_ptr<queries::live::ChangeSource> cached_source_;
  std::vector<std::unique_ptr<queries::live::LiveAuthority>> authorities_;
  std::shared_ptr<queries::live::StreamLimits> stream_limits_;
  std::vector<std::unique_ptr<queries::live::LiveStreams>> streams_;
  std::optional<TaskScope> scope_{std::in_place};
};

}  // namespace tidemill::server
