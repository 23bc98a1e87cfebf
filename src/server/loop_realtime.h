// LoopRealtime: the realtime pillar on one loop: its part of the broker, its hub, and what its sessions
// share.
//
// Made before the loops run; then the loop's thread only, but for what says otherwise.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/result.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "realtime/broker/loop_broker.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/broker/publisher.h"
#include "realtime/hub/hub.h"
#include "realtime/polls/poll_loops.h"
#include "realtime/polls/poller.h"
#include "realtime/polls/polls.h"
#include "realtime/proxies/proxies.h"
#include "realtime/session/context.h"
#include "realtime/session/usage.h"
#include "server/live_settings.h"
#include "server/loop_probe.h"
#include "server/reload.h"
#include "server/shared.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class LoopRealtime {
 public:
  // `loop`, the one with that index of `loops`, `polls` and `shared` outlive it. An error names the setting
  // of a token's key that cannot be used.
  static Result<std::unique_ptr<LoopRealtime>> Make(net::Loop& loop, broker::LoopBroker broker,
                                                    Shared& shared, const settings::Settings& settings,
                                                    const LiveSettings& live, polls::PollLoops& polls,
                                                    std::size_t index, std::size_t loops);
  LoopRealtime(const LoopRealtime&) = delete;
  LoopRealtime& operator=(const LoopRealtime&) = delete;

  net::Loop& loop() { return loop_; }
  session::Context& context() { return context_; }
  broker::Publisher& publisher() { return publisher_; }
  broker::MapPublisher& maps() { return maps_; }
  // Before the loops run, once: told which of the channels that this loop owns have subscriptions.
  void SetOccupancyEvents(broker::OccupancyEvents& events) { broker_.broker->SetOccupancyEvents(events); }

  // Main thread; the commit belongs on the loop.
  Result<Commit> Prepare(const LiveSettings& live);

  // Ends up to `count` sessions with code 3001.
  void EndSessions(std::size_t count);
  std::size_t sessions() const { return context_.registry.sessions(); }
  // Once the loop has stopped, before anything ends that tasks refer to.
  void EndTasks() { scope_.reset(); }

 private:
  LoopRealtime(net::Loop& loop, broker::LoopBroker broker, Shared& shared, hub::HubOptions options,
               const session::UsageOptions& usage, const LiveSettings& live,
               std::shared_ptr<session::Tokens> tokens, std::unique_ptr<proxies::Proxies> proxies,
               const auth::OwnKey* own_key, polls::PollLoops& polls, std::size_t index);

  net::Loop& loop_;
  const auth::OwnKey* const own_key_;  // null: there are no accounts
  broker::LoopBroker broker_;
  broker::Publisher publisher_;
  broker::MapPublisher maps_;
  hub::Hub hub_;
  std::unique_ptr<proxies::Proxies> proxies_;
  polls::Polls polls_;
  std::optional<TaskScope> scope_;
  session::Context context_;
  polls::Poller poller_;
  LoopProbe probe_;
  session::Usage usage_;
};

}  // namespace tidemill::server
