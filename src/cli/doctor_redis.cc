#include "cli/doctor_redis.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/on_loop.h"
#include "metrics/metrics.h"
#include "realtime/broker/redis/trial.h"
#include "redis/refusals.h"
#include "redis/topology.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

using broker::redis_broker::TrialStep;
using redis::Inspection;

constexpr std::uint64_t kMiB = 1 << 20;
constexpr int kMajorMin = 6;        // ACL, and scripts as they are written
constexpr int kMajorOfSharded = 7;  // SPUBLISH

struct Findings {
  std::vector<Inspection> servers;
  std::vector<TrialStep> steps;
};

Task<Findings> Look(net::Loop& loop, const redis::Topology& topology, std::string prefix,
                    redis::Metrics& metrics) {
  Findings findings;
  findings.servers = co_await topology.Inspect(loop, metrics);
  findings.steps = co_await broker::redis_broker::TryBroker(loop, topology, std::move(prefix), metrics);
  co_return findings;
}

// What Redis or the network said, and what to do.
std::string WithAdvice(const Error& error) {
  const bool said = error.code == Errc::kRefused || error.code == Errc::kPermissionDenied;
  const auto kind = said ? redis::RefusalKindOf(error.detail) : std::nullopt;
  if (kind && *kind != redis::RefusalKind::kOther) {
    return fmt::format("{}; {}", error.detail, redis::AdviceFor(*kind));
  }
  if (said) return error.detail;
  return error.detail + "; is it running there, and may this machine reach it?";
}

int MajorOf(const std::string& version) {
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major;
}

std::string Describe(const Inspection& server) {
  std::string text = fmt::format("Redis {}, {}, {}", server.version, server.mode, server.role);
  if (!server.user.empty()) text += fmt::format(", as user {}", server.user);
  if (!server.primary.empty()) text += ", names " + server.primary;
  return text;
}

Diagnosis OfServer(const Inspection& server, bool sharded_pub_sub) {
  const std::string subject = "Redis " + server.server;
  if (server.error) return {Verdict::kFail, subject, WithAdvice(*server.error)};
  const std::string text = Describe(server);
  const int major = MajorOf(server.version);
  if (major < kMajorMin) {
    return {Verdict::kFail, subject, fmt::format("{}: older than version {}; upgrade it", text, kMajorMin)};
  }
  if (sharded_pub_sub && server.mode == "cluster" && major < kMajorOfSharded) {
    return {Verdict::kFail, subject,
            fmt::format(
                "{}: SPUBLISH came with version {}; upgrade it, or set broker.redis.sharded_pub_sub = false",
                text, kMajorOfSharded)};
  }
  if (server.role == "slave" && server.mode != "cluster") {
    return {Verdict::kFail, subject,
            fmt::format("{}: {}", text, redis::AdviceFor(redis::RefusalKind::kReadOnly))};
  }
  if (!server.cluster_state.empty() && server.cluster_state != "ok") {
    return {Verdict::kFail, subject,
            fmt::format("{}, cluster state {}: {}", text, server.cluster_state,
                        redis::AdviceFor(redis::RefusalKind::kClusterDown))};
  }
  return {Verdict::kOk, subject, text};
}

// What it does when it is full.
void CheckMemoryOf(const Inspection& server, Diagnoses& out) {
  if (server.error || server.mode == "sentinel") return;
  const std::string subject = fmt::format("memory of Redis {}", server.server);
  if (server.memory_max_bytes == 0) {
    out.push_back({Verdict::kOk, subject, "no limit"});
    return;
  }
  const std::string text = fmt::format("{} of {} MiB, {}", server.memory_used_bytes / kMiB,
                                       server.memory_max_bytes / kMiB, server.eviction_policy);
  const bool volatile_only = server.eviction_policy.starts_with("volatile-");
  if (volatile_only && server.memory_used_bytes <= server.memory_max_bytes) {
    out.push_back({Verdict::kOk, subject, text});
  } else if (server.eviction_policy == "noeviction") {
    out.push_back(
        {Verdict::kWarn, subject,
         text + ": when it is full, publishing with history fails; maxmemory-policy volatile-ttl gives up "
                "old history instead"});
  } else if (!volatile_only) {
    out.push_back(
        {Verdict::kWarn, subject,
         text + ": it may evict what does not expire, and clients then recover anew; take volatile-ttl"});
  } else {
    out.push_back({Verdict::kWarn, subject, text + ": it is full; raise maxmemory"});
  }
}

// One line when all went well, else one for each step that did not.
void CheckSteps(const std::vector<TrialStep>& steps, Diagnoses& out) {
  std::size_t failed = 0;
  for (const TrialStep& step : steps) {
    if (step.result) continue;
    ++failed;
    out.push_back({Verdict::kFail, fmt::format("Redis: {}", step.what), WithAdvice(step.result.error())});
  }
  if (failed == 0) {
    out.push_back(
        {Verdict::kOk, "Redis: use", "subscribe, publish, history and presence work on each server"});
  }
}

}  // namespace

void CheckRedis(const settings::Settings& settings, Diagnoses& out) {
  if (settings.broker.type != "redis") return;
  const auto topology = redis::OpenTopology(settings.broker.redis);
  if (!topology) {
    out.push_back({Verdict::kFail, "Redis", topology.error().detail});
    return;
  }
  const auto loop = net::Loop::Open({});
  if (!loop) {
    out.push_back({Verdict::kFail, "Redis", loop.error().detail});
    return;
  }
  metrics::Registry registry;
  redis::Metrics metrics(registry);
  const std::optional<Findings> findings =
      RunOnLoop(**loop, Look(**loop, **topology, settings.broker.redis.prefix, metrics));
  if (!findings) return;
  for (const Inspection& server : findings->servers) {
    out.push_back(OfServer(server, (*topology)->sharded_pub_sub()));
    CheckMemoryOf(server, out);
  }
  CheckSteps(findings->steps, out);
}

}  // namespace tidemill::cli
