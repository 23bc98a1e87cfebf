// NodeLive: a node's live queries: who notices changes, who asks, and on each loop who may subscribe.
//
// The queries are asked, and changes noticed, on the first loop. Made before the loops run, on the main
// thread; the databases, the contexts and the publishers outlive it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "queries/endpoint/queries.h"
#include "queries/live/authority.h"
#include "queries/live/changes.h"
#include "queries/live/live_queries.h"
#include "queries/live/metrics.h"
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
  };
  // kInvalidArgument: the embedded database cannot be read beside the server.
  static Result<std::unique_ptr<NodeLive>> Open(const Options& options, Databases& databases,
                                                const settings::Settings& settings,
                                                metrics::Registry& registry);

  // On the first loop; and on any.
  void ReplaceServing(const queries::Serving& serving) { live_->ReplaceServing(serving); }
  void NoteWrite(std::span<const std::string> tables);

  // Who may subscribe on each loop; `queries` outlives it.
  void AddAuthorities(const queries::Queries& queries, const settings::Settings& settings);
  void Start();
  // Once the loops have stopped.
  void EndTasks();

  // Any loop.
  void OnOccupied(const broker::ChannelName& channel) override { Tell(channel, true); }
  void OnVacated(const broker::ChannelName& channel) override { Tell(channel, false); }

 private:
  NodeLive(const Options& options, Databases& databases, const settings::Settings& settings,
           metrics::Registry& registry);
  void Tell(const broker::ChannelName& channel, bool occupied);

  const std::vector<session::Context*> contexts_;
  const bool developer_;
  const std::string prefix_;  // of its channels
  net::Loop& first_;
  queries::live::LiveMetrics metrics_;
  std::unique_ptr<queries::live::LiveQueries> live_;
  std::unique_ptr<queries::live::ChangeSource> source_;
  std::vector<std::unique_ptr<queries::live::LiveAuthority>> authorities_;
};

}  // namespace tidemill::server
