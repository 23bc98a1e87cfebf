// NodeEvents: tells the operator's service which channels are occupied, and which clients come and go.
//
// The queue and its sender live on the first loop; sessions and channels of all loops tell it. Made before
// the loops run, on the main thread; what says so may be called from it later. What is borrowed outlives it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "events/event_queue.h"
#include "events/metrics.h"
#include "events/redis/shared_log.h"
#include "events/reporter.h"
#include "events/sender.h"
#include "events/target.h"
#include "jobs/engine/engine.h"
#include "realtime/broker/broker.h"
#include "realtime/session/context.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class Brokers;
struct Shared;

class NodeEvents final : public broker::OccupancyEvents {
 public:
  struct Options {
    std::string node_id;
    std::vector<session::Context*> contexts{};  // of all loops, in their order
    jobs::Engine* engine = nullptr;             // of the queue, if that is where events go
  };
  // kInvalidArgument names the file that is of no use.
  static Result<std::unique_ptr<NodeEvents>> Open(const Options& options, Brokers& brokers,
                                                  const settings::Settings& settings, Shared& shared);

  void Start();
  // On the loop: what is vacated now is told at once.
  void Drain();
  // On the loop, once nothing more happens: whether all is told, or recorded for the others to tell.
  bool idle() const { return queue_->idle(); }
  // On the loop.
  void End();
  // Once the loops have stopped.
  void EndTasks();

  // On the loop that owns the channel.
  void OnOccupied(const broker::ChannelName& channel) override;
  void OnVacated(const broker::ChannelName& channel) override;

 private:
  NodeEvents(const Options& options, const settings::Settings& settings, Shared& shared);
  Result<void> OpenTargets(const Options& options, Brokers& brokers, const settings::Settings& settings);
  void Forget();

  const std::vector<session::Context*> contexts_;
  net::Loop& first_;
  events::Metrics metrics_;
  std::unique_ptr<events::EventQueue> queue_;
  std::unique_ptr<events::Target> service_;
  std::unique_ptr<events::SharedLog> shared_log_;  // null: a node that is alone
  std::unique_ptr<events::Sender> sender_;
  std::optional<events::Outlet> outlet_;
  std::vector<std::unique_ptr<events::Reporter>> reporters_;  // of each loop
};

}  // namespace tidemill::server
