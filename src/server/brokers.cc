#include "server/brokers.h"

#include <algorithm>
#include <utility>

#include "cluster/metrics.h"
#include "cluster/redis/redis_bus.h"
#include "realtime/broker/memory/memory_broker.h"
#include "realtime/broker/redis/redis_broker.h"
#include "redis/topology.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

constexpr Duration kRecent = Seconds(15);  // a refusal that may be the reason of what is wrong now

broker::MemoryBrokerLimits LimitsOf(const broker::BrokerSettings& broker) {
  return {
      .history_bytes_max = broker.history_bytes_max,
      .history_bytes_per_user_max = broker.history_bytes_per_user_max,
      .mailbox_messages_max = broker.mailbox_messages_max,
      .presence_entries_max = broker.presence_entries_max,
      .map = {.keys_max = broker.map_keys_per_channel_max, .bytes_max = broker.map_bytes_per_channel_max}};
}

}  // namespace

Brokers::Brokers() = default;
Brokers::~Brokers() = default;

Result<std::unique_ptr<Brokers>> Brokers::Open(const std::vector<net::Loop*>& loops,
                                               const settings::Settings& settings, const std::string& node_id,
                                               metrics::Registry& registry) {
  std::unique_ptr<Brokers> brokers(new Brokers);
  if (settings.broker.type == "redis") {
    TM_TRY(brokers->OpenRedis(loops, settings, node_id, registry));
  } else {
    brokers->OpenMemory(loops, settings, registry);
  }
  return brokers;
}

void Brokers::OpenMemory(const std::vector<net::Loop*>& loops, const settings::Settings& settings,
                         metrics::Registry& registry) {
  memory_ = broker::MakeMemoryBrokerShards(loops, LimitsOf(settings.broker));
  using Stats = broker::MemoryBrokerStats;
  const auto stat = [&](const char* name, const char* help, std::uint64_t Stats::* member) {
    registry.AddCallback(name, help, {},
                         [this, member] { return static_cast<double>(memory_->Stats().*member); });
  };
  stat("tidemill_broker_channels", "Channels the broker knows.", &Stats::channels);
  stat("tidemill_broker_history_bytes", "Memory of kept publications.", &Stats::history_bytes);
  stat("tidemill_broker_history_max_bytes", "The most that tidemill_broker_history_bytes may be.",
       &Stats::history_bytes_max);
  stat("tidemill_broker_history_refused_total", "Publishes refused because the history had no room.",
       &Stats::history_refused);
  stat("tidemill_broker_history_positions_dropped_total",
       "Positions of streams without publications forgotten because room was short.",
       &Stats::positions_dropped);
  stat("tidemill_broker_history_publications", "Publications kept.", &Stats::history_publications);
  stat("tidemill_broker_presence_entries", "Presence entries.", &Stats::presence_entries);
  stat("tidemill_broker_map_channels", "Map channels with a key.", &Stats::map_channels);
  stat("tidemill_broker_map_keys", "Keys of map channels.", &Stats::map_keys);
  stat("tidemill_broker_map_keys_expired_total", "Keys removed because their time was over.",
       &Stats::map_keys_expired);
  stat("tidemill_broker_map_refused_for_keys_total",
       "Publishes refused because the channel had broker.map_keys_per_channel_max.",
       &Stats::map_refused_for_keys);
  stat("tidemill_broker_map_refused_for_bytes_total",
       "Publishes refused because the channel had broker.map_bytes_per_channel_max.",
       &Stats::map_refused_for_bytes);
}

Result<void> Brokers::OpenRedis(const std::vector<net::Loop*>& loops, const settings::Settings& settings,
                                const std::string& node_id, metrics::Registry& registry) {
  const redis::RedisSettings& redis = settings.broker.redis;
  TM_TRY_ASSIGN(topology_, redis::OpenTopology(redis));
  redis_metrics_ = std::make_unique<redis::Metrics>(registry);
  broker_metrics_ = std::make_unique<broker::redis_broker::Metrics>(registry);
  cluster_metrics_ = std::make_unique<cluster::ClusterMetrics>(registry);
  const broker::RedisConnections connections{
      .make_client = [this](net::Loop& loop) { return topology_->MakeClient(loop, *redis_metrics_); },
      .make_subscriber =
          [this](net::Loop& loop, redis::SubscriberEvents& events) {
            return topology_->MakeSubscriber(loop, events, *redis_metrics_);
          }};
  redis_ =
      broker::MakeRedisBrokerShards(loops, connections,
                                    {.prefix = redis.prefix,
                                     .sharded_pub_sub = topology_->sharded_pub_sub(),
                                     .presence_ttl = redis.presence_ttl,
                                     .presence_renewal_interval = settings.client.presence_update_interval,
                                     .position_check_delay = settings.client.channel_position_check_delay,
                                     .mailbox_messages_max = settings.broker.mailbox_messages_max,
                                     .map = {.keys_max = settings.broker.map_keys_per_channel_max,
                                             .bytes_max = settings.broker.map_bytes_per_channel_max},
                                     .plant_bug_for_test = redis.plant_bug_for_test},
                                    *broker_metrics_);
  bus_ =
      cluster::MakeRedisBus(*loops[0], *topology_, *redis_metrics_, redis.prefix, cluster::NodeId(node_id));
  registry.AddCallback("tidemill_broker_channels", "Channels this node is subscribed to in Redis.", {},
                       [this] { return static_cast<double>(redis_->channels()); });
  registry.AddCallback("tidemill_broker_dropped_total", "Events lost to loops that had too many waiting.", {},
                       [this] { return static_cast<double>(redis_->dropped()); });
  registry.AddCallback("tidemill_broker_up", "1 while all connections to the broker are there.", {},
                       [this] { return redis_->down_since() ? 0.0 : 1.0; });
  registry.AddCallback("tidemill_broker_works", "1 while the broker is there and does what it is asked.", {},
                       [this] { return problem() ? 0.0 : 1.0; });
  return {};
}

broker::LoopBroker Brokers::TakeShard(std::size_t loop_index) {
  return redis_ ? redis_->TakeShard(loop_index) : memory_->TakeShard(loop_index);
}

redis::Client* Brokers::redis_client(std::size_t loop_index) {
  return redis_ ? &redis_->client(loop_index) : nullptr;
}

void Brokers::Replace(const broker::BrokerSettings& settings) {
  if (memory_) memory_->ReplaceLimits(LimitsOf(settings));
}

std::optional<ServiceProblem> Brokers::problem() const {
  if (!redis_) return std::nullopt;
  const MonotonicTime now = SystemClock().Now();
  const std::optional<MonotonicTime> down_since = redis_->down_since();
  const broker::redis_broker::ProbeState probe = redis_->probe();
  if (!down_since && !probe.bad_since && probe.ever_good) return std::nullopt;
  const auto refused = redis_metrics_->refusals.NewestAfter({now.ms - kRecent.ms});
  const bool refuses = !down_since && probe.bad_since;
  const MonotonicTime since = std::min(down_since.value_or(now), probe.bad_since.value_or(now));
  return ServiceProblem{.since = since,
                        .from_start = !probe.ever_good,
                        .status = refuses ? "broker refuses" : "broker away",
                        .why = refused ? std::string(redis::NameOf(*refused)) : "no answer"};
}

}  // namespace tidemill::server
