// NodeOutbox: a node's outbox: its store, and the relay that sends what has been committed.
//
// The relay lives on the first loop. Made before the loops run, on the main thread; what says so may be
// called from it later. The databases and the publishers outlive it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/loop.h"
#include "outbox/channel_sink.h"
#include "outbox/methods.h"
#include "outbox/metrics.h"
#include "outbox/relay.h"
#include "outbox/store.h"
#include "server/doorbell.h"
#include "server/health.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class Databases;
struct Shared;

class NodeOutbox {
 public:
  struct Options {
    std::string node_id;
    broker::Publisher& publisher;  // of the first loop
  };
  // On the first of the loops.
  NodeOutbox(const std::vector<net::Loop*>& loops, const Options& options, const Databases& databases,
             const settings::Settings& settings, Shared& shared);
  ~NodeOutbox();
  NodeOutbox(const NodeOutbox&) = delete;
  NodeOutbox& operator=(const NodeOutbox&) = delete;

  // Of the HTTP API on that loop.
  std::vector<api::Method> MethodsFor(std::size_t loop);

  // Any thread, once the tables are there: it begins on the loop.
  void Start();
  // Any thread: something is there.
  void LookNow();
  // Any thread. nullopt: it is relayed, here or on another node.
  std::optional<ServiceProblem> problem() const;

  // On the loop: sends no more. `ended` says when what was under way is done.
  void End();
  bool ended() const { return ended_ || !started_; }
  // Once the loop has stopped.
  void EndTasks();

 private:
  Task<void> WatchEnd();

  net::Loop& loop_;
  outbox::Metrics metrics_;
  std::vector<std::unique_ptr<outbox::Store>> stores_;  // of each loop
  outbox::ChannelSink channels_;
  std::unique_ptr<outbox::Relay> relay_;
  std::vector<std::unique_ptr<outbox::ApiServices>> services_;  // of each loop
  std::unique_ptr<Doorbell> doorbell_;                          // null: the outbox is not in PostgreSQL
  std::atomic<bool> started_{false};
  std::atomic<bool> ended_{false};
  std::optional<TaskScope> scope_{std::in_place};
};

}  // namespace tidemill::server
