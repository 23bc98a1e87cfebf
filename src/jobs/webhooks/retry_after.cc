#include "jobs/webhooks/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>
#include <system_error>

#include "base/ascii.h"

namespace tidemill::webhooks {
namespace {

constexpr std::size_t kBytesMax = 64;
// RFC 9110 section 5.6.7: the form of today, then those that are obsolete and must be read.
constexpr const char* kForms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                  "%a %b %e %H:%M:%S %Y"};

std::optional<WallTime> ParseHttpDate(const std::string& text) {
  for (const char* const form : kForms) {
    std::tm parts{};
    const char* const end = strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return WallTime{std::int64_t{timegm(&parts)} * 1000};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> ParseRetryAfter(std::string_view text, WallTime now, Duration longest) {
  if (text.empty() || text.size() > kBytesMax) return std::nullopt;
  if (std::ranges::all_of(text, IsDigit)) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || seconds > longest.ms / 1000) return longest;
    return Seconds(seconds);
  }
  const std::optional<WallTime> at = ParseHttpDate(std::string(text));
  if (!at) return std::nullopt;
  return std::clamp(*at - now, Duration{}, longest);
}

}  // namespace tidemill::webhooks
