// Trial: does on each server of Redis once what the broker does there, and tells what came of each step. For
// `tidemill doctor`; HealthProbe does a part of it again and again.
//
// Loop thread only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/redis/keys.h"
#include "redis/client.h"
#include "redis/topology.h"

namespace tidemill::broker::redis_broker {

struct TrialStep {
  std::string_view what;  // "publish with history"
  Result<void> result;
};

// Connects as a server would, with the same prefix, in channels that no client has. After the first step that
// fails on a server nothing more is tried there, and what is left there goes within a minute; else nothing is
// left. All must outlive the task.
Task<std::vector<TrialStep>> TryBroker(net::Loop& loop, const redis::Topology& topology, std::string prefix,
                                       redis::Metrics& metrics);

// Names that begin so, one on each server.
std::vector<ChannelName> ChannelOnEachServer(const redis::Client& client, const Keys& keys,
                                             const std::string& name);

}  // namespace tidemill::broker::redis_broker
