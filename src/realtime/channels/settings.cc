#include "realtime/channels/settings.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <string_view>
#include <utility>

#include "config/duration.h"
#include "config/section.h"
#include "config/value.h"
#include "realtime/channels/name_regex.h"

namespace tidemill::channels {
namespace {

constexpr std::array<std::string_view, 3> kRecoveryModes = {"", "stream", "cache"};
constexpr std::array<std::string_view, 4> kDataFormats = {"", "json", "json_object", "binary"};

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

  void CheckMetaTtl(const std::string& prefix, const ChannelOptions& options) {
    const bool own = options.history_meta_ttl > Duration{};
    const Duration meta_ttl = own ? options.history_meta_ttl : settings_.history_meta_ttl;
    if (meta_ttl >= options.history_ttl) return;
    const std::string meta_key = (own ? prefix : prefix_) + "history_meta_ttl";
    Add(prefix + "history_ttl", {meta_key},
        fmt::format(" = \"{}\": longer than {}, \"{}\"", config::ToString(options.history_ttl), meta_key,
                    config::ToString(meta_ttl)));
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
