#include "realtime/session/rate_limits.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace tidemill::session {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;
std::int64_t NanosOf(MonotonicTime time) { return time.ms * kNanosPerMilli; }

template <class Request>
constexpr std::size_t IndexOf() {
  return decltype(protocol::Command::request)(Request()).index();
}

}  // namespace

Result<RateLimits> RateLimits::Make(const RateLimitSettings& settings) {
  static std::atomic<std::uint64_t> made = 0;
  RateLimits limits;
  limits.id_ = ++made;
  TM_TRY_ASSIGN(limits.total_, limits.Add("total", settings.total));
  TM_TRY_ASSIGN(const Chosen usual, limits.Add("default", settings.usual));
  limits.by_kind_.assign(std::variant_size_v<decltype(protocol::Command::request)>, usual);
  const auto own = [&](std::size_t kind, std::string_view limit,
                       const std::vector<std::string>& texts) -> Result<void> {
    TM_TRY_ASSIGN(Chosen chosen, limits.Add(limit, texts));
    if (!chosen.empty()) limits.by_kind_[kind] = std::move(chosen);
    return {};
  };
  TM_TRY(own(IndexOf<protocol::ConnectRequest>(), "connect", settings.connect));
  TM_TRY(own(IndexOf<protocol::SubscribeRequest>(), "subscribe", settings.subscribe));
  TM_TRY(own(IndexOf<protocol::PublishRequest>(), "publish", settings.publish));
  TM_TRY(own(IndexOf<protocol::HistoryRequest>(), "history", settings.history));
  TM_TRY(own(IndexOf<protocol::PresenceRequest>(), "presence", settings.presence));
  TM_TRY(own(IndexOf<protocol::PresenceStatsRequest>(), "presence_stats", settings.presence_stats));
  TM_TRY(own(IndexOf<protocol::RefreshRequest>(), "refresh", settings.refresh));
  TM_TRY(own(IndexOf<protocol::SubRefreshRequest>(), "sub_refresh", settings.sub_refresh));
  TM_TRY(own(IndexOf<protocol::RpcRequest>(), "rpc", settings.rpc));
  TM_TRY(limits.AddMethods(settings.rpc_methods));
  return limits;
}

Result<RateLimits::Chosen> RateLimits::Add(std::string_view limit, const std::vector<std::string>& texts,
                                           std::string_view method) {
  Chosen chosen;
  for (const std::string& text : texts) {
    TM_TRY_ASSIGN(const RateLimit parsed, ParseRateLimit(text));
    const std::int64_t interval = parsed.interval.ms * kNanosPerMilli;
    chosen.push_back(buckets_.size());
    std::string name = std::string(limit) + ' ' + std::string(method) + ' ' + text;
    buckets_.push_back({.limit = std::string(limit),
                        .name = std::move(name),
                        .interval = interval,
                        .token = interval / parsed.rate});
  }
  return chosen;
}

Result<void> RateLimits::AddMethods(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    TM_TRY_ASSIGN(const auto method, ParseMethodLimit(text));
    TM_TRY_ASSIGN(const Chosen chosen, Add("rpc_methods", {std::string(method.second)}, method.first));
    Chosen& all = by_method_[std::string(method.first)];
    all.insert(all.end(), chosen.begin(), chosen.end());
  }
  return {};
}

Operation Operation::Of(const protocol::Command& command) {
  const auto* const rpc = std::get_if<protocol::RpcRequest>(&command.request);
  return {.kind = command.request.index(), .rpc_method = rpc ? std::string_view(rpc->method) : ""};
}

const RateLimits::Chosen& RateLimits::ChosenFor(Operation operation) const {
  if (operation.kind == IndexOf<protocol::RpcRequest>()) {
    if (const auto found = by_method_.find(operation.rpc_method); found != by_method_.end())
      return found->second;
  }
  return by_kind_[operation.kind];
}

RateLimits::Chosen RateLimits::BucketsOf(Operation operation) const {
  if (empty() || operation.kind == IndexOf<protocol::UnsubscribeRequest>()) return {};
  Chosen all = total_;
  const Chosen& own = ChosenFor(operation);
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

std::optional<std::string_view> RateLimits::RefusedBy(Operation operation, MonotonicTime now,
                                                      BucketTimes& times) const {
  if (empty() || operation.kind == IndexOf<protocol::UnsubscribeRequest>()) return std::nullopt;
  if (times.of != id_) times = {.of = id_, .full = std::vector<std::int64_t>(buckets_.size())};
  const std::int64_t at = NanosOf(now);
  const Chosen& own = ChosenFor(operation);
  const auto full_after = [&](std::size_t i) { return std::max(times.full[i], at) + buckets_[i].token; };
  for (const Chosen* const chosen : {&total_, &own}) {
    for (const std::size_t i : *chosen) {
      if (full_after(i) - at > buckets_[i].interval) return buckets_[i].limit;
    }
  }
  for (const Chosen* const chosen : {&total_, &own}) {
    for (const std::size_t i : *chosen) times.full[i] = full_after(i);
  }
  return std::nullopt;
}

void RateLimits::GiveBack(Operation operation, BucketTimes& times) const {
  if (times.of != id_) return;
  for (const Chosen* const chosen : {&total_, &ChosenFor(operation)}) {
    for (const std::size_t i : *chosen) times.full[i] -= buckets_[i].token;
  }
}

bool RateLimits::AreFull(const BucketTimes& times, MonotonicTime now) {
  return std::ranges::all_of(times.full, [at = NanosOf(now)](std::int64_t full) { return full <= at; });
}

}  // namespace tidemill::session
