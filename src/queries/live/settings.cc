#include "queries/live/settings.h"

#include "config/section.h"

namespace tidemill::queries::live {
namespace {

constexpr std::string_view kChanges[] = {"auto", "triggers", "poll"};

constexpr config::Row<LiveSettings> kLive[] = {
    {"enabled",
     config::Of<&LiveSettings::enabled>,
     {.doc = "Endpoints whose file says @live can be subscribed to. Needs the broker in memory: with "
             "broker.type = \"redis\" nothing is live yet.",
      .reload = config::Reload::kNo}},
    {"channel_namespace",
     config::Of<&LiveSettings::name_space>,
     {.doc = "Of their channels: \"live:/orders\". It is made by itself and is not one of "
             "channel.namespaces.",
      .reload = config::Reload::kNo}},
    {"changes",
     config::Of<&LiveSettings::changes>,
     {.doc = "How it is noticed that somebody has written: \"auto\" is by triggers in PostgreSQL, and by the "
             "file's own counter in SQLite; where that cannot be, by asking again. \"triggers\" refuses what "
             "has none; \"poll\" always asks again.",
      .choices = kChanges,
      .reload = config::Reload::kNo}},
    {"create_triggers",
     config::Of<&LiveSettings::create_triggers>,
     {.doc =
          "Triggers are made on the tables that live queries read, where our role may; otherwise `tidemill "
          "schema print` shows the function, and the guide what to run.",
      .reload = config::Reload::kNo}},
    {"check_visibility",
     config::Of<&LiveSettings::check_visibility>,
     {.doc = "A query that is asked because of a transaction in PostgreSQL must see it, or it is asked once "
             "more. Only tests turn it off.",
      .reload = config::Reload::kNo}},
    {"min_interval",
     config::Of<&LiveSettings::min_interval>,
     {.doc = "A live query is asked so often at most; a file's min= goes before it.",
      .min = 10,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"poll_interval",
     config::Of<&LiveSettings::poll_interval>,
     {.doc = "How often one is asked whose tables cannot be followed; a file's poll= goes before it.",
      .min = 100,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"connections",
     config::Of<&LiveSettings::connections>,
     {.doc =
          "Connections to PostgreSQL for live queries alone, so that they take none from the APIs. Half of "
          "them carry many queries at once, the others those that take long.",
      .min = 2,
      .max = 100,
      .reload = config::Reload::kNo}},
    {"refreshes_max",
     config::Of<&LiveSettings::refreshes_max>,
     {.doc =
          "Live queries that are asked at once. Those that took over 50 ms the last time, and new ones, have "
          "half of these places, and of one user a quarter.",
      .min = 1,
      .max = 1000,
      .reload = config::Reload::kNo}},
    {"rows_max",
     config::Of<&LiveSettings::rows_max>,
     {.doc = "Rows of the result of a live query; with more it is refused.",
      .min = 1,
      .max = 100'000,
      .reload = config::Reload::kNo}},
    {"bytes_max",
     config::Of<&LiveSettings::bytes_max>,
     {.doc = "Bytes of the results of all live queries; then a further one is refused, and one that grows "
             "ends. The channels hold them too (broker.history_bytes_max).",
      .min = 1 << 20,
      .max = 64 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"queries_max",
     config::Of<&LiveSettings::queries_max>,
     {.doc = "Live queries with different endpoints, parameters or users; then a further one is refused.",
      .min = 1,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"queries_per_user_max",
     config::Of<&LiveSettings::queries_per_user_max>,
     {.doc = "Of these, that one user, or one connection without a user, has begun; then a further one is "
             "refused.",
      .min = 1,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"streams_max",
     config::Of<&LiveSettings::streams_max>,
     {.doc = "Event streams that are open (Accept: text/event-stream on an endpoint's URL); then a further "
             "one is refused.",
      .min = 1,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"streams_per_user_max",
     config::Of<&LiveSettings::streams_per_user_max>,
     {.doc = "Of these, those of one user, or of one address without a user; then a further one is refused.",
      .min = 1,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
};

void Check(const LiveSettings& live, const std::string& prefix, config::Findings& findings) {
  const bool is_name =
      !live.name_space.empty() &&
      live.name_space.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
  if (!is_name)
    findings.push_back({.key = prefix + "channel_namespace", .text = ": letters a to z, digits, _ and -"});
}

}  // namespace

config::Section<LiveSettings> LiveSection() { return {.rows = kLive, .check = Check}; }

}  // namespace tidemill::queries::live
