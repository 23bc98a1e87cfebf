#include "realtime/channels/settings.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <string_view>
#include <utility>

#include "config/duration.h"
#include "config/section.h"
#include "config/value.h"
#include "realtime/channels/name.h"
#include "realtime/channels/name_regex.h"

namespace tidemill::channels {
namespace {

// Of broker/map_broker.h, kMapPageKeysMax.
constexpr std::int64_t kMapPageMax = 5000;
constexpr std::array<std::string_view, 3> kRecoveryModes = {"", "stream", "cache"};
constexpr std::array<std::string_view, 4> kDataFormats = {"", "json", "json_object", "binary"};

constexpr std::array<std::string_view, 6> kTypes = {"",          "stream",     "map", "map_clients",
                                                    "map_users", "shared_poll"};
constexpr std::array<std::string_view, 3> kPollModes = {"", "versionless", "versioned"};
constexpr std::array<std::string_view, 4> kMapModes = {"", "ephemeral", "recoverable", "persistent"};
constexpr std::array<std::string_view, 3> kClientKeys = {"", "client_id", "user_id"};

// A member of the map options as a field of the namespace's options.
template <auto kMember>
constexpr auto OfMap = []<class Value>(Value MapOptions::*) {
  return config::Accessor<ChannelOptions>{.field = [](void* owner) -> config::Field {
                                            return &(static_cast<ChannelOptions*>(owner)->map.*kMember);
                                          },
                                          .type = static_cast<Value*>(nullptr)};
}(kMember);
// The same of the poll options.
template <auto kMember>
constexpr auto OfPoll = []<class Value>(Value PollOptions::*) {
  return config::Accessor<ChannelOptions>{.field = [](void* owner) -> config::Field {
                                            return &(static_cast<ChannelOptions*>(owner)->poll.*kMember);
                                          },
                                          .type = static_cast<Value*>(nullptr)};
}(kMember);

constexpr config::Row<ChannelSettings> kChannel[] = {
    {"max_length",
     config::Of<&ChannelSettings::max_length>,
     {.doc =
          "The longest name of a channel that a client may give, in bytes; a service may give up to 64 KiB.",
      .min = 1,
      .max = 4096}},
    {"history_meta_ttl",
     config::Of<&ChannelSettings::history_meta_ttl>,
     {.doc = "How long a channel's position is kept after its last publication; at least its history_ttl.",
      .min = config::kSecond,
      .max = 10 * config::kYear}},
    {"delta_max_size",
     config::Of<&ChannelSettings::delta_max_size>,
     {.doc = "Larger publications, in bytes, are sent whole and not as deltas; 0: none is sent as a delta.",
      .max = 256 * 1024,
      .reload = config::Reload::kNo}},
    {"tags_filters_max",
     config::Of<&ChannelSettings::tags_filters_max>,
     {.doc = "How many different filters the subscribers of one channel may have, on each loop.",
      .min = 1,
      .max = 1000,
      .reload = config::Reload::kNo}},
    {"delta_bases_max_size",
     config::Of<&ChannelSettings::delta_bases_max_size>,
     {.doc =
          "Bytes of last publications that a node keeps to make deltas of the next ones. Where they are used "
          "up, publications are sent whole.",
      .max = 64 * config::kGiB,
      .reload = config::Reload::kNo}},
};

constexpr config::Row<ChannelOptions> kOptions[] = {
    {"presence", config::Of<&ChannelOptions::presence>, {.doc = "Keeps who is in the channel."}},
    {"join_leave", config::Of<&ChannelOptions::join_leave>, {.doc = "Announces who comes and goes."}},
    {"force_push_join_leave",
     config::Of<&ChannelOptions::force_push_join_leave>,
     {.doc = "Sends joins and leaves to every subscriber, asked or not."}},
    {"history_size",
     config::Of<&ChannelOptions::history_size>,
     {.doc = "Publications that are kept; with history_ttl.", .max = 10'000'000}},
    {"history_ttl",
     config::Of<&ChannelOptions::history_ttl>,
     {.doc = "How long they are kept; with history_size.", .max = 10 * config::kYear}},
    {"history_meta_ttl",
     config::Of<&ChannelOptions::history_meta_ttl>,
     {.doc = "Here instead of channel.history_meta_ttl; 0s: that one.", .max = 10 * config::kYear}},
    {"force_positioning",
     config::Of<&ChannelOptions::force_positioning>,
     {.doc = "Every subscription notices lost publications."}},
    {"allow_positioning",
     config::Of<&ChannelOptions::allow_positioning>,
     {.doc = "Clients may ask for that."}},
    {"force_recovery",
     config::Of<&ChannelOptions::force_recovery>,
     {.doc = "Every subscription gets what it missed after a reconnect."}},
    {"allow_recovery", config::Of<&ChannelOptions::allow_recovery>, {.doc = "Clients may ask for that."}},
    {"force_recovery_mode",
     config::Of<&ChannelOptions::force_recovery_mode>,
     {.doc = "\"stream\" (or empty): all that was missed. \"cache\": the latest publication only.",
      .choices = kRecoveryModes}},
    {"auto_cache_recover",
     config::Of<&ChannelOptions::auto_cache_recover>,
     {.doc = "In cache mode, gives the latest publication on the first subscribe too."}},
    {"allow_subscribe_for_client",
     config::Of<&ChannelOptions::allow_subscribe_for_client>,
     {.doc = "Any user may subscribe without a token."}},
    {"allow_subscribe_for_anonymous",
     config::Of<&ChannelOptions::allow_subscribe_for_anonymous>,
     {.doc = "And the anonymous user; with allow_subscribe_for_client."}},
    {"allow_publish_for_client",
     config::Of<&ChannelOptions::allow_publish_for_client>,
     {.doc = "Any user may publish."}},
    {"allow_publish_for_subscriber",
     config::Of<&ChannelOptions::allow_publish_for_subscriber>,
     {.doc = "Subscribers may publish."}},
    {"allow_publish_for_anonymous",
     config::Of<&ChannelOptions::allow_publish_for_anonymous>,
     {.doc = "And the anonymous user; with one of the two."}},
    {"allow_presence_for_client",
     config::Of<&ChannelOptions::allow_presence_for_client>,
     {.doc = "Any user may ask who is in the channel."}},
    {"allow_presence_for_subscriber",
     config::Of<&ChannelOptions::allow_presence_for_subscriber>,
     {.doc = "Subscribers may."}},
    {"allow_presence_for_anonymous",
     config::Of<&ChannelOptions::allow_presence_for_anonymous>,
     {.doc = "And the anonymous user; with one of the two."}},
    {"allow_history_for_client",
     config::Of<&ChannelOptions::allow_history_for_client>,
     {.doc = "Any user may read the history."}},
    {"allow_history_for_subscriber",
     config::Of<&ChannelOptions::allow_history_for_subscriber>,
     {.doc = "Subscribers may."}},
    {"allow_history_for_anonymous",
     config::Of<&ChannelOptions::allow_history_for_anonymous>,
     {.doc = "And the anonymous user; with one of the two."}},
    {"allow_user_limited_channels",
     config::Of<&ChannelOptions::allow_user_limited_channels>,
     {.doc = "Users may subscribe to channels that list them: \"dialog#42,43\"."}},
    {"channel_regex",
     config::Of<&ChannelOptions::channel_regex>,
     {.doc = "RE2 expression that the name after the namespace must match; any when empty."}},
    {"publication_data_format",
     config::Of<&ChannelOptions::publication_data_format>,
     {.doc = "What a publication must be; \"binary\" may be empty.", .choices = kDataFormats}},
    {"allowed_delta_types",
     config::Of<&ChannelOptions::allowed_delta_types>,
     {.doc = "With \"fossil\", clients may ask to be sent differences: of a publication to the one before "
             "it, or "
             "of a key's value to the one before."}},
    {"delta_publish",
     config::Of<&ChannelOptions::delta_publish>,
     {.doc = "Every publication is sent as a difference to who asked for it, not only those of a call with "
             "\"delta\": true."}},
    {"allow_tags_filter",
     config::Of<&ChannelOptions::allow_tags_filter>,
     {.doc = "Clients may ask for only those publications whose tags match a filter."}},
    {"subscription_type",
     config::Of<&ChannelOptions::subscription_type>,
     {.doc = "\"stream\" (or empty): channels of publications. \"map\": channels of keys and their values. "
             "\"map_clients\", \"map_users\": maps that mirror who is in other channels. \"shared_poll\": "
             "clients track "
             "keys, which your service is asked about for all of them.",
      .choices = kTypes}},
    {"map.mode",
     OfMap<&MapOptions::mode>,
     {.doc = "\"ephemeral\": keys expire, changes are not kept. \"recoverable\": keys expire, who reconnects "
             "gets what changed. \"persistent\": the same, and keys stay until they are removed.",
      .choices = kMapModes}},
    {"map.key_ttl",
     OfMap<&MapOptions::key_ttl>,
     {.doc = "How long a key stays after its last publication; with the modes in which keys expire.",
      .max = config::kYear}},
    {"map.stream_size",
     OfMap<&MapOptions::stream_size>,
     {.doc = "Changes that are kept; 0: 100.", .max = 100'000}},
    {"map.stream_ttl",
     OfMap<&MapOptions::stream_ttl>,
     {.doc = "How long they are kept; 0s: a minute.", .max = config::kYear}},
    {"map.meta_ttl",
     OfMap<&MapOptions::meta_ttl>,
     {.doc =
          "How long a map's position is kept after its last use; 0s: ten times map.stream_ttl and at least "
          "map.key_ttl, for ever where keys stay.",
      .max = 10 * config::kYear}},
    {"map.ordered",
     OfMap<&MapOptions::ordered>,
     {.doc = "Keys are read in the order of their scores, the highest first, and not in that of their names. "
             "A map that has keys keeps its order."}},
    {"map.remove_client_on_unsubscribe",
     OfMap<&MapOptions::remove_client_on_unsubscribe>,
     {.doc = "When a client's subscription ends, the key that is its id is removed."}},
    {"map.client_key",
     OfMap<&MapOptions::client_key>,
     {.doc =
          "The key that a client publishes and removes: its id, its user's id, or, when empty, what it says.",
      .choices = kClientKeys}},
    {"map.allow_publish_for_client",
     OfMap<&MapOptions::allow_publish_for_client>,
     {.doc = "Any user may publish keys."}},
    {"map.allow_publish_for_subscriber",
     OfMap<&MapOptions::allow_publish_for_subscriber>,
     {.doc = "Subscribers may publish keys."}},
    {"map.allow_publish_for_anonymous",
     OfMap<&MapOptions::allow_publish_for_anonymous>,
     {.doc = "And the anonymous user; with one of the two."}},
    {"map.allow_remove_for_client",
     OfMap<&MapOptions::allow_remove_for_client>,
     {.doc = "Any user may remove keys."}},
    {"map.allow_remove_for_subscriber",
     OfMap<&MapOptions::allow_remove_for_subscriber>,
     {.doc = "Subscribers may remove keys."}},
    {"map.allow_remove_for_anonymous",
     OfMap<&MapOptions::allow_remove_for_anonymous>,
     {.doc = "And the anonymous user; with one of the two."}},
    {"map.default_page_size",
     OfMap<&MapOptions::default_page_size>,
     {.doc = "Keys of a page for a client that does not say how many; 0: 100.", .max = kMapPageMax}},
    {"map.min_page_size",
     OfMap<&MapOptions::min_page_size>,
     {.doc = "The fewest it may ask for; 0: 100.", .max = kMapPageMax}},
    {"map.max_page_size",
     OfMap<&MapOptions::max_page_size>,
     {.doc = "The most it may ask for; 0: 1000.", .max = kMapPageMax}},
    {"map.live_transition_max_publication_limit",
     OfMap<&MapOptions::live_transition_max_publication_limit>,
     {.doc = "The most changes that a subscription may have to catch up with when it goes live; with more it "
             "reads the state anew. 0: map.max_page_size.",
      .max = 100'000}},
    {"map.subscribe_catch_up_timeout",
     OfMap<&MapOptions::subscribe_catch_up_timeout>,
     {.doc = "How long a client may take from its first page until it is live; 0s: five seconds.",
      .max = config::kHour}},
    {"map_clients_presence_channel_prefix",
     config::Of<&ChannelOptions::map_clients_presence_channel_prefix>,
     {.doc =
          "Mirrors the clients in a channel into the map channel whose name is this and the channel's; of a "
          "namespace of the type \"map_clients\"."}},
    {"map_users_presence_channel_prefix",
     config::Of<&ChannelOptions::map_users_presence_channel_prefix>,
     {.doc = "The same for the users; of a namespace of the type \"map_users\"."}},
    {"subscribe_proxy_enabled",
     config::Of<&ChannelOptions::subscribe_proxy_enabled>,
     {.doc = "Who subscribes without a token is granted it by your service; not in channels that list their "
             "users."}},
    {"subscribe_proxy_name",
     config::Of<&ChannelOptions::subscribe_proxy_name>,
     {.doc = "Which proxy asks: that of channel.proxy.subscribe, or one of [[proxies]]."}},
    {"publish_proxy_enabled",
     config::Of<&ChannelOptions::publish_proxy_enabled>,
     {.doc = "What clients publish goes to your service first, which allows, changes or refuses it."}},
    {"publish_proxy_name",
     config::Of<&ChannelOptions::publish_proxy_name>,
     {.doc = "Which proxy asks: that of channel.proxy.publish, or one of [[proxies]]."}},
    {"sub_refresh_proxy_enabled",
     config::Of<&ChannelOptions::sub_refresh_proxy_enabled>,
     {.doc = "Your service prolongs subscriptions that expire, and not the client with a newer token."}},
    {"sub_refresh_proxy_name",
     config::Of<&ChannelOptions::sub_refresh_proxy_name>,
     {.doc = "Which proxy asks: that of channel.proxy.sub_refresh, or one of [[proxies]]."}},
    {"batch_max_size",
     config::Of<&ChannelOptions::batch_max_size>,
     {.doc = "Publications of a channel are held back until there are so many; 0: with batch_max_delay, any "
             "number.",
      .max = 10'000}},
    {"batch_max_delay",
     config::Of<&ChannelOptions::batch_max_delay>,
     {.doc = "And no longer than that; 0s: with batch_max_size, until there are so many. Both 0: they go out "
             "at once.",
      .max = config::kHour}},
    {"batch_flush_latest",
     config::Of<&ChannelOptions::batch_flush_latest>,
     {.doc = "Of what was held back only the newest publication is sent; of a map, the newest of each key."}},
    {"conflate_slow_clients",
     config::Of<&ChannelOptions::conflate_slow_clients>,
     {.doc =
          "A client that does not keep up gets the newest publication in place of those that it has not "
          "taken, and is not disconnected for them. Not for subscriptions with deltas or joins and leaves."}},
    {"state_proxy_enabled",
     config::Of<&ChannelOptions::state_proxy_enabled>,
     {.doc = "Tells channel.proxy.state when a channel gets its first subscriber (occupied) and has lost its "
             "last one (vacated), once for all nodes."}},
    {"state_proxy_join_leave",
     config::Of<&ChannelOptions::state_proxy_join_leave>,
     {.doc = "Tells channel.proxy.state of each subscription that begins (join) and ends (leave)."}},
    {"map.publish_proxy_enabled",
     OfMap<&MapOptions::publish_proxy_enabled>,
     {.doc = "Keys that clients publish go to your service first."}},
    {"map.publish_proxy_name",
     OfMap<&MapOptions::publish_proxy_name>,
     {.doc = "Which proxy asks: that of channel.proxy.map_publish, or one of [[proxies]]."}},
    {"map.remove_proxy_enabled",
     OfMap<&MapOptions::remove_proxy_enabled>,
     {.doc = "And those that they remove."}},
    {"map.remove_proxy_name",
     OfMap<&MapOptions::remove_proxy_name>,
     {.doc = "Which proxy asks: that of channel.proxy.map_remove, or one of [[proxies]]."}},
    {"shared_poll.mode",
     OfPoll<&PollOptions::mode>,
     {.doc =
          "\"versionless\" (or empty): data that differ from those before are a change. \"versioned\": your "
          "service says the version of each key's data, and a later one is a change.",
      .choices = kPollModes}},
    {"shared_poll.proxy_name",
     OfPoll<&PollOptions::proxy_name>,
     {.doc = "Which proxy asks about the keys: that of channel.proxy.shared_poll_refresh, or one of "
             "[[proxies]]."}},
    {"shared_poll.refresh_interval",
     OfPoll<&PollOptions::refresh_interval>,
     {.doc = "How often each key that somebody tracks is asked about.",
      .min = 100,
      .max = 24 * config::kHour}},
    {"shared_poll.refresh_batch_size",
     OfPoll<&PollOptions::refresh_batch_size>,
     {.doc = "At most so many keys in one question; several are spread over the interval.",
      .min = 1,
      .max = 10'000}},
    {"shared_poll.max_keys_per_connection",
     OfPoll<&PollOptions::max_keys_per_connection>,
     {.doc = "Keys that a connection may track in a channel; more are error 106.", .min = 1, .max = 10'000}},
    {"shared_poll.channel_shutdown_delay",
     OfPoll<&PollOptions::channel_shutdown_delay>,
     {.doc = "How long a key that nobody tracks any more is still asked about.", .max = config::kHour}},
    {"shared_poll.track_expired_extra_delay",
     OfPoll<&PollOptions::track_expired_extra_delay>,
     {.doc =
          "How long after its signature's time a key is still tracked, so that the client can bring another.",
      .max = config::kHour}},
};

class Checker {
 public:
  Checker(const ChannelSettings& settings, std::string prefix, config::Findings& findings)
      : settings_(settings), prefix_(std::move(prefix)), findings_(findings) {}

  void CheckAll() {
    CheckOptions(prefix_ + "without_namespace.", settings_.without_namespace);
    for (const auto& [name, options] : settings_.namespaces) {
      CheckOptions(prefix_ + "namespaces." + name + ".", options);
    }
  }

 private:
  void Add(std::string key, std::vector<std::string> others, std::string text) {
    findings_.push_back({std::move(key), std::move(others), std::move(text)});
  }

  void CheckOptions(const std::string& prefix, const ChannelOptions& options) {
    CheckHistory(prefix, options);
    CheckMetaTtl(prefix, options);
    CheckMap(prefix, options);
    CheckPoll(prefix, options);
    CheckDeltas(prefix, options);
    CheckBatch(prefix, options);
    CheckMirror(prefix + "map_clients_presence_channel_prefix", options.map_clients_presence_channel_prefix,
                "map_clients");
    CheckMirror(prefix + "map_users_presence_channel_prefix", options.map_users_presence_channel_prefix,
                "map_users");
    if (options.channel_regex.empty()) return;
    if (const auto compiled = CompileNameRegex(options.channel_regex); !compiled) {
      Add(prefix + "channel_regex", {},
          fmt::format(" = {}: {}", config::Quote(options.channel_regex), compiled.error().detail));
    }
  }

  void CheckHistory(const std::string& prefix, const ChannelOptions& options) {
    const std::string size_key = prefix + "history_size";
    const std::string ttl_key = prefix + "history_ttl";
    const bool has_size = options.history_size > 0;
    const bool has_ttl = options.history_ttl > Duration{};
    if (has_size != has_ttl) {
      Add(has_size ? size_key : ttl_key, {has_size ? ttl_key : size_key},
          fmt::format(": needs {} as well", has_size ? "history_ttl" : "history_size"));
    }
    const std::pair<std::string_view, bool> needing[] = {{"force_positioning", options.force_positioning},
                                                         {"allow_positioning", options.allow_positioning},
                                                         {"force_recovery", options.force_recovery},
                                                         {"allow_recovery", options.allow_recovery}};
    for (const auto& [name, on] : needing) {
      if (on && !has_size && !has_ttl) {
        Add(fmt::format("{}{}", prefix, name), {size_key, ttl_key},
            " = true: needs history_size and history_ttl above 0");
      }
    }
  }

  void CheckDeltas(const std::string& prefix, const ChannelOptions& options) {
    const std::string key = prefix + "allowed_delta_types";
    for (const std::string& type : options.allowed_delta_types) {
      if (type != "fossil") Add(key, {}, fmt::format(" = {}: expected \"fossil\"", config::Quote(type)));
    }
    if (options.delta_publish && options.allowed_delta_types.empty()) {
      Add(prefix + "delta_publish", {key}, " = true: needs allowed_delta_types = [\"fossil\"]");
    }
    if (options.allows_deltas() && !options.can_have_deltas()) {
      Add(key, {prefix + (options.map.mode == "ephemeral" ? "map.mode" : "subscription_type")},
          ": maps have deltas with subscription_type = \"map\" and a map.mode that keeps changes; remove it");
    }
  }

  void CheckBatch(const std::string& prefix, const ChannelOptions& options) {
    if (options.batch_flush_latest && options.batch_max_size < 2 && options.batch_max_delay.ms == 0) {
      Add(prefix + "batch_flush_latest", {prefix + "batch_max_size", prefix + "batch_max_delay"},
          " = true: needs batch_max_size of 2 or more, or batch_max_delay");
    }
    if (options.conflate_slow_clients && options.is_map()) {
      Add(prefix + "conflate_slow_clients", {prefix + "subscription_type"},
          " = true: a map would lose keys; batch_flush_latest keeps the newest of each");
    }
  }

  void CheckMetaTtl(const std::string& prefix, const ChannelOptions& options) {
    const bool own = options.history_meta_ttl > Duration{};
    const Duration meta_ttl = own ? options.history_meta_ttl : settings_.history_meta_ttl;
    if (meta_ttl >= options.history_ttl) return;
    const std::string meta_key = (own ? prefix : prefix_) + "history_meta_ttl";
    Add(prefix + "history_ttl", {meta_key},
        fmt::format(" = \"{}\": longer than {}, \"{}\"", config::ToString(options.history_ttl), meta_key,
                    config::ToString(meta_ttl)));
  }

  void CheckMap(const std::string& prefix, const ChannelOptions& options) {
    const MapOptions& map = options.map;
    const std::string mode = prefix + "map.mode";
    const std::string type = prefix + "subscription_type";
    if (options.is_map() && map.mode.empty()) {
      return Add(mode, {type}, ": a map needs \"ephemeral\", \"recoverable\" or \"persistent\"");
    }
    if (!options.is_map()) {
      if (map != MapOptions{}) Add(type, {}, ": map.* needs \"map\", \"map_clients\" or \"map_users\"");
      return;
    }
    if (options.history_size > 0) {
      Add(prefix + "history_size", {type}, ": a map keeps its changes; use map.stream_size");
    }
    const bool persistent = map.mode == "persistent";
    const bool has_ttl = map.key_ttl > Duration{};
    if (persistent == has_ttl) {
      Add(prefix + "map.key_ttl", {mode},
          persistent ? ": keys stay in the mode \"persistent\"; remove it"
                     : fmt::format(": the mode {} needs one above 0", config::Quote(map.mode)));
    }
    if (persistent && options.subscription_type != "map") {
      Add(mode, {type}, " = \"persistent\": who is there expires; use \"ephemeral\" or \"recoverable\"");
    }
    if (map.mode == "ephemeral" &&
        (map.stream_size > 0 || map.stream_ttl > Duration{} || map.meta_ttl > Duration{})) {
      Add(mode, {prefix + "map.stream_size", prefix + "map.stream_ttl", prefix + "map.meta_ttl"},
          " = \"ephemeral\": changes are not kept; remove map.stream_size, map.stream_ttl and map.meta_ttl");
    }
    CheckMapMetaTtl(prefix, map);
    CheckPages(prefix, map);
    CheckKeyProxies(prefix, map);
  }

  void CheckPoll(const std::string& prefix, const ChannelOptions& options) {
    const std::string type = prefix + "subscription_type";
    if (!options.is_poll()) {
      if (options.poll != PollOptions{}) Add(type, {}, ": shared_poll.* needs \"shared_poll\"");
      return;
    }
    const std::pair<std::string_view, bool> of_streams[] = {
        {"history_size", options.history_size > 0},
        {"allow_tags_filter", options.allow_tags_filter},
        {"batch_max_size", options.batch_max_size > 0},
        {"batch_max_delay", options.batch_max_delay > Duration{}},
        {"allow_publish_for_client", options.allow_publish_for_client},
        {"allow_publish_for_subscriber", options.allow_publish_for_subscriber},
        {"publish_proxy_enabled", options.publish_proxy_enabled}};
    for (const auto& [name, on] : of_streams) {
      if (!on) continue;
      Add(fmt::format("{}{}", prefix, name), {type},
          ": nothing is published in a \"shared_poll\"; remove it");
    }
  }

  // Either decides which key it is.
  void CheckKeyProxies(const std::string& prefix, const MapOptions& map) {
    const std::pair<std::string_view, bool> proxies[] = {
        {"map.publish_proxy_enabled", map.publish_proxy_enabled},
        {"map.remove_proxy_enabled", map.remove_proxy_enabled}};
    for (const auto& [name, enabled] : proxies) {
      if (!enabled || map.client_key.empty()) continue;
      Add(prefix + "map.client_key", {fmt::format("{}{}", prefix, name)},
          fmt::format(": {} has your service choose the key; remove one of the two", name));
    }
  }

  void CheckMapMetaTtl(const std::string& prefix, const MapOptions& map) {
    if (map.meta_ttl == Duration{}) return;
    const Duration stream_ttl = map.stream_ttl > Duration{} ? map.stream_ttl : Minutes(1);
    if (map.mode == "persistent") {
      Add(prefix + "map.meta_ttl", {prefix + "map.mode"},
          ": keys and positions stay in the mode \"persistent\"; remove it");
    } else if (map.meta_ttl < stream_ttl || map.meta_ttl < map.key_ttl) {
      Add(prefix + "map.meta_ttl", {prefix + "map.stream_ttl", prefix + "map.key_ttl"},
          fmt::format(" = \"{}\": must be at least map.stream_ttl and map.key_ttl",
                      config::ToString(map.meta_ttl)));
    }
  }

  void CheckPages(const std::string& prefix, const MapOptions& map) {
    const auto or_default = [](std::uint32_t given, std::uint32_t otherwise) {
      return given > 0 ? given : otherwise;
    };
    const std::uint32_t least = or_default(map.min_page_size, 100);
    const std::uint32_t most = or_default(map.max_page_size, 1000);
    const std::uint32_t usual = or_default(map.default_page_size, 100);
    if (least > most) {
      Add(prefix + "map.min_page_size", {prefix + "map.max_page_size"},
          fmt::format(": {} is over map.max_page_size, {}", least, most));
    }
    if (map.default_page_size > 0 && (usual < least || usual > most)) {
      Add(prefix + "map.default_page_size", {prefix + "map.min_page_size", prefix + "map.max_page_size"},
          fmt::format(" = {}: not between map.min_page_size, {}, and map.max_page_size, {}", usual, least,
                      most));
    }
  }

  // The channels that the prefix leads to must be maps of the right kind.
  void CheckMirror(const std::string& key, const std::string& channel_prefix, std::string_view type) {
    if (channel_prefix.empty()) return;
    const NameParts parts = ParseChannelName(channel_prefix);
    const auto found = settings_.namespaces.find(std::string(parts.name_space));
    const ChannelOptions* options = &settings_.without_namespace;
    if (!parts.name_space.empty()) options = found == settings_.namespaces.end() ? nullptr : &found->second;
    if (options != nullptr && options->subscription_type == type) return;
    Add(key, {},
        fmt::format(" = {}: needs a namespace with subscription_type = \"{}\"", config::Quote(channel_prefix),
                    type));
  }

  const ChannelSettings& settings_;
  const std::string prefix_;
  config::Findings& findings_;
};

void Check(const ChannelSettings& settings, const std::string& prefix, config::Findings& findings) {
  Checker(settings, prefix, findings).CheckAll();
}

}  // namespace

config::Section<ChannelSettings> ChannelSection() { return {.rows = kChannel, .check = Check}; }

config::Section<ChannelOptions> OptionSection() { return {.rows = kOptions}; }

config::NamedTables<ChannelOptions> NamespaceTables() {
  return {.key = "channel.namespaces",
          .noun = "namespace",
          .example_name = "chat",
          .section = OptionSection(),
          .name_bytes_min = 2,
          .documented = config::Shown::kNo};  // as those of channel.without_namespace
}

}  // namespace tidemill::channels
