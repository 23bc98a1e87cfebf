// Bed: live queries of one file over a database, with a memory broker, on one loop: what is published can be
// read as subscribers have it.
//
// Loop thread only; the database outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "metrics/metrics.h"
#include "net/loop.h"
#include "queries/live/live_queries.h"
#include "queries/live/metrics.h"
#include "queries/live/settings.h"
#include "realtime/broker/loop_broker.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/broker/memory/memory_broker.h"
#include "sql/database.h"

namespace tidemill::queries::live::testing {

class Bed {
 public:
  // `text`: of "rows.get.sql".
  Bed(net::Loop& loop, sql::Database& database, std::string text, LiveSettings settings = {});
  ~Bed();

  LiveQueries& live() { return live_; }
  LiveMetrics& metrics() { return metrics_; }
  // Of the only file, with these parameters: "status=open".
  FollowCall Call(std::string query = "", std::string starter = "user 1") const;
  Followed Follow(FollowCall call);
  Followed Follow(std::string query = "") { return Follow(Call(std::move(query))); }
  // The channel's rows, in their order: `{"id":1} {"id":2}`.
  std::string Rows(std::string query = "");
  // Turns the loop until the rows are these; whether they became so.
  bool WaitFor(const std::string& rows, std::string query = "");
  // Another set of files: what was followed ends.
  void ReplaceFile(std::string text);

 private:
  static std::string ChannelOf(const std::string& query);

  net::Loop& loop_;
  sql::Database& database_;
  metrics::Registry registry_;
  LiveMetrics metrics_{registry_};
  std::unique_ptr<broker::MemoryBrokerShards> shards_;
  broker::LoopBroker broker_;
  std::unique_ptr<broker::MapPublisher> maps_;
  Serving serving_;
  LiveQueries live_;
};

}  // namespace tidemill::queries::live::testing
