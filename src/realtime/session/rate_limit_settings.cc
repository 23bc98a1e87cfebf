#include "realtime/session/rate_limit_settings.h"

#include <fmt/format.h>

#include <charconv>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "config/duration.h"
#include "config/section.h"

namespace tidemill::session {
namespace {

constexpr std::uint32_t kRateMax = 1'000'000;
constexpr std::int64_t kIntervalMsMax = 24 * config::kHour;

constexpr config::Row<RateLimitSettings> kRows[] = {
    {"connect",
     config::Of<&RateLimitSettings::connect>,
     {.doc = "Connects of a user: \"10/1m\"; further ones are error 111."}},
    {"total",
     config::Of<&RateLimitSettings::total>,
     {.doc = "Commands of any kind: \"60/1s\" lets 60 through at once and then one each 1/60 s; further ones "
             "are "
             "error 111. Several limits hold all."}},
    {"default",
     config::Of<&RateLimitSettings::usual>,
     {.doc = "The same for each kind that has no limits of its own below."}},
    {"subscribe", config::Of<&RateLimitSettings::subscribe>, {.doc = "Of subscribe."}},
    {"publish", config::Of<&RateLimitSettings::publish>, {.doc = "Of publish."}},
    {"history", config::Of<&RateLimitSettings::history>, {.doc = "Of history."}},
    {"presence", config::Of<&RateLimitSettings::presence>, {.doc = "Of presence."}},
    {"presence_stats", config::Of<&RateLimitSettings::presence_stats>, {.doc = "Of presence_stats."}},
    {"refresh", config::Of<&RateLimitSettings::refresh>, {.doc = "Of refresh."}},
    {"sub_refresh", config::Of<&RateLimitSettings::sub_refresh>, {.doc = "Of sub_refresh."}},
    {"rpc",
     config::Of<&RateLimitSettings::rpc>,
     {.doc = "Of rpc, but of the methods that rpc_methods names."}},
    {"rpc_methods",
     config::Of<&RateLimitSettings::rpc_methods>,
     {.doc = "Limits of single methods: \"search 5/1s\"."}},
};

void CheckLimits(const std::vector<std::string>& texts, const std::string& key, config::Findings& findings) {
  for (const std::string& text : texts) {
    if (const auto limit = ParseRateLimit(text); !limit) {
      findings.push_back({.key = key, .text = ": " + limit.error().detail});
    }
  }
}

void CheckMethods(const std::vector<std::string>& texts, const std::string& key, config::Findings& findings) {
  for (const std::string& text : texts) {
    const auto method = ParseMethodLimit(text);
    if (!method) {
      findings.push_back({.key = key, .text = ": " + method.error().detail});
      continue;
    }
    CheckLimits({std::string(method->second)}, key, findings);
  }
}

void Check(const RateLimitSettings& settings, const std::string& prefix, config::Findings& findings) {
  RateLimitSettings copy = settings;  // fields are read where they may be written
  for (const config::Row<RateLimitSettings>& row : kRows) {
    const auto& texts = *std::get<std::vector<std::string>*>(row.member.field(&copy));
    const auto check = row.name == "rpc_methods" ? CheckMethods : CheckLimits;
    check(texts, prefix + std::string(row.name), findings);
  }
}

}  // namespace

Result<RateLimit> ParseRateLimit(std::string_view text) {
  RateLimit limit;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit.rate);
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error == std::errc() && limit.rate >= 1 && limit.rate <= kRateMax && rest.starts_with('/')) {
    const auto interval = config::ParseDuration(rest.substr(1));
    if (interval && interval->ms >= 1 && interval->ms <= kIntervalMsMax) {
      return RateLimit{.rate = limit.rate, .interval = *interval};
    }
  }
  return Fail(Errc::kInvalidArgument,
              fmt::format("\"{}\" is not \"RATE/INTERVAL\", such as \"20/1s\": 1 to {} in 1ms to 24h", text,
                          kRateMax));
}

// "METHOD RATE/INTERVAL"
Result<std::pair<std::string_view, std::string_view>> ParseMethodLimit(std::string_view text) {
  const std::size_t blank = text.rfind(' ');
  if (blank != std::string_view::npos && blank > 0)
    return std::pair{text.substr(0, blank), text.substr(blank + 1)};
  return Fail(Errc::kInvalidArgument,
              fmt::format("\"{}\" is not \"METHOD RATE/INTERVAL\", such as \"search 5/1s\"", text));
}

config::Section<RateLimitSettings> ConnectionRateSection() {
  return {.rows = std::span(kRows).subspan(1), .check = Check};
}

config::Section<RateLimitSettings> UserRateSection() { return {.rows = kRows, .check = Check}; }

}  // namespace tidemill::session
