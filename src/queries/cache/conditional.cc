#include "queries/cache/conditional.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace tidemill::queries {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;

std::int64_t WholeSeconds(Duration duration) {
  // Towards the past: what has 0.5 s left has 0, what ended 0.5 s ago has -1.
  return duration.ms >= 0 ? duration.ms / kMsPerSecond : -((-duration.ms + kMsPerSecond - 1) / kMsPerSecond);
}

std::string_view WithoutWeakness(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

// The next tag of the list; "" at its end or where it is malformed. A comma may stand in a tag.
std::string_view NextTag(std::string_view& list) {
  while (!list.empty() && (IsBlank(list.front()) || list.front() == ',')) list.remove_prefix(1);
  const std::size_t opens = list.starts_with("W/") ? 2 : 0;
  if (opens >= list.size() || list[opens] != '"') return {};
  const std::size_t closes = list.find('"', opens + 1);
  if (closes == std::string_view::npos) return {};
  const std::string_view tag = list.substr(0, closes + 1);
  list.remove_prefix(closes + 1);
  return tag;
}

// What a 304 has of the 200 that it stands for (RFC 9110 section 15.4.5).
bool BelongsToNotModified(std::string_view header) {
  static constexpr std::array<std::string_view, 5> kNames = {"Content-Location", "Vary", "Link", "Expires",
                                                             "Server-Timing"};
  return std::ranges::any_of(kNames,
                             [header](std::string_view name) { return EqualIgnoringCase(header, name); });
}

// The kept response, without its tag; of one that the client has, what belongs to a 304.
http::Response CopyOf(const http::Response& whole, bool has_it) {
  constexpr std::size_t kAddedMax = 8;
  http::Response response{.status = has_it ? 304 : whole.status, .body = has_it ? "" : whole.body};
  response.headers.reserve(whole.headers.size() + kAddedMax);
  for (const auto& header : whole.headers) {
    if (EqualIgnoringCase(header.first, "ETag")) continue;
    if (!has_it || BelongsToNotModified(header.first)) response.headers.push_back(header);
  }
  return response;
}

}  // namespace

bool ListsEtag(std::string_view if_none_match, std::string_view etag) {
  if (TrimBlanks(if_none_match) == "*") return true;
  for (std::string_view tag = NextTag(if_none_match); !tag.empty(); tag = NextTag(if_none_match)) {
    if (WithoutWeakness(tag) == WithoutWeakness(etag)) return true;
  }
  return false;
}

std::string CacheControlOf(const CachePolicy& policy) {
  const std::int64_t ttl = WholeSeconds(policy.ttl);
  const std::int64_t stale = WholeSeconds(policy.stale_while_revalidate);
  const std::string swr = stale > 0 ? fmt::format(", stale-while-revalidate={}", stale) : "";
  if (policy.dependencies->names().empty()) {
    return fmt::format("{}, max-age={}{}", policy.everybody ? "public" : "private", ttl, swr);
  }
  if (!policy.everybody) return "private, no-cache";
  return fmt::format("public, max-age=0, s-maxage={}{}", ttl, swr);
}

std::string CacheStatusOf(const FoundAnswer& found) {
  switch (found.how) {
    case FoundAnswer::How::kHit:
    case FoundAnswer::How::kStale:
      return "tidemill; hit; ttl=" + std::to_string(WholeSeconds(found.ttl_left));
    case FoundAnswer::How::kMiss:
    case FoundAnswer::How::kJoined: break;
  }
  if (found.remote) return fmt::format("tidemill; hit; ttl={}; detail=redis", WholeSeconds(found.ttl_left));
  return fmt::format("tidemill; fwd={}{}{}", found.expired ? "stale" : "miss", found.kept ? "; stored" : "",
                     found.how == FoundAnswer::How::kJoined ? "; collapsed" : "");
}

http::Response RespondWith(const FoundAnswer& found, const CachePolicy& policy,
                           std::optional<std::string_view> if_none_match, CacheMetrics& metrics) {
  const CachedAnswer& answer = *found.answer;
  const bool has_it = !answer.etag.empty() && if_none_match && ListsEtag(*if_none_match, answer.etag);
  if (has_it) metrics.not_modified.Add();
  http::Response response = CopyOf(answer.response, has_it);
  if (answer.response.status == 200) {
    if (!answer.etag.empty()) response.headers.emplace_back("ETag", answer.etag);
    response.headers.emplace_back("Cache-Control", CacheControlOf(policy));
    response.headers.emplace_back("Age", std::to_string(WholeSeconds(found.age)));
    if (!policy.everybody) response.headers.emplace_back("Vary", "Authorization");
  } else {
    response.headers.emplace_back("Cache-Control", "no-store");
  }
  response.headers.emplace_back("Cache-Status", CacheStatusOf(found));
  return response;
}

}  // namespace tidemill::queries
