#include "realtime/broker/settings.h"

#include <array>
#include <string_view>

#include "config/section.h"

namespace tidemill::broker {
namespace {

constexpr std::array<std::string_view, 2> kBrokerTypes = {"memory", "redis"};

constexpr config::Row<BrokerSettings> kBroker[] = {
    {"type",
     config::Of<&BrokerSettings::type>,
     {.doc = "Where channels, their history and presence live; \"redis\", unless given, when an address "
             "below broker.redis is given.",
      .choices = kBrokerTypes,
      .reload = config::Reload::kNo}},
    {"history_bytes_max",
     config::Of<&BrokerSettings::history_bytes_max>,
     {.doc = "Memory for the history of all channels, in bytes.",
      .min = 1 << 20,
      .max = 1024 * config::kGiB}},
    {"history_bytes_per_user_max",
     config::Of<&BrokerSettings::history_bytes_per_user_max>,
     {.doc =
          "Of it, what the clients of one user may have published, in bytes; all anonymous clients are one "
          "user. 0: a quarter.",
      .max = 1024 * config::kGiB}},
    {"mailbox_messages_max",
     config::Of<&BrokerSettings::mailbox_messages_max>,
     {.doc = "Messages that may wait between two loops.", .min = 1000, .max = 100'000'000}},
    {"presence_entries_max",
     config::Of<&BrokerSettings::presence_entries_max>,
     {.doc = "Presence entries of all channels.", .min = 1, .max = 1'000'000'000}},
    {"map_keys_per_channel_max",
     config::Of<&BrokerSettings::map_keys_per_channel_max>,
     {.doc = "Keys of one map channel.", .min = 1, .max = 1'000'000'000}},
    {"map_bytes_per_channel_max",
     config::Of<&BrokerSettings::map_bytes_per_channel_max>,
     {.doc = "What the keys of one map channel and their publications may take, in bytes.",
      .min = 1024,
      .max = 1024 * config::kGiB}},
};

void Check(const BrokerSettings& broker, const std::string& prefix, config::Findings& findings) {
  if (broker.type != "redis" || broker.redis.given()) return;
  findings.push_back(
      {.key = prefix + "type",
       .others = {prefix + "redis.address", prefix + "redis.cluster_address",
                  prefix + "redis.sentinel_address"},
       .text = " = \"redis\": needs broker.redis.address, cluster_address or sentinel_address"});
}

}  // namespace

config::Section<BrokerSettings> BrokerSection() { return {.rows = kBroker, .check = Check}; }

}  // namespace tidemill::broker
