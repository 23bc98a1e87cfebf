#include "auth/jwks_cache.h"

#include <utility>

#include "base/assert.h"

namespace tidemill::auth {

JwksCache::Answer JwksCache::Find(std::string_view key_id, MonotonicTime now) {
  Answer answer = FindInSet(key_id, now);
  if (answer.state == State::kFound) {
    answer.fetch = !YoungerThan(times_.keys_ttl, now) && BeginFetch(now);
    return answer;
  }
  if (YoungerThan(times_.keys_ttl, now) && KnownMissing(key_id, now)) return answer;
  answer.shown_by = fetches_ + 1;
  answer.fetch = BeginFetch(now);
  if (fetching_) answer.state = State::kWait;
  return answer;
}

JwksCache::Answer JwksCache::FindAfter(std::string_view key_id, std::uint64_t shown_by, MonotonicTime now) {
  Answer answer = FindInSet(key_id, now);
  if (answer.state != State::kNotYet || set_fetch_ < shown_by) return answer;
  answer.state = State::kMissing;
  if (missing_until_.size() < kMissingMax) missing_until_.emplace(key_id, now + times_.missing_ttl);
  return answer;
}

JwksCache::Answer JwksCache::FindInSet(std::string_view key_id, MonotonicTime now) const {
  const Duration serves{times_.keys_ttl.ms + times_.stale_ttl.ms};
  if (!YoungerThan(serves, now)) return {};
  if (const auto found = set_.keys.find(key_id); found != set_.keys.end()) {
    return {.state = State::kFound, .key = found->second};
  }
  return {.state = attempt_failed_ ? State::kUnavailable : State::kNotYet};
}

void JwksCache::OnFetched(Result<KeySet> set, MonotonicTime now) {
  TM_ASSERT(fetching_);
  fetching_ = false;
  attempt_at_ = now;
  attempt_failed_ = !set.has_value();
  if (attempt_failed_) return;
  set_ = *std::move(set);
  set_at_ = now;
  set_fetch_ = fetches_;
  std::erase_if(missing_until_, [now](const auto& entry) { return entry.second <= now; });
}

bool JwksCache::YoungerThan(Duration age, MonotonicTime now) const { return set_at_ && now - *set_at_ < age; }

bool JwksCache::KnownMissing(std::string_view key_id, MonotonicTime now) const {
  const auto found = missing_until_.find(key_id);
  return found != missing_until_.end() && now < found->second;
}

bool JwksCache::BeginFetch(MonotonicTime now) {
  if (fetching_ || (attempt_at_ && now - *attempt_at_ < times_.fetch_interval)) return false;
  fetching_ = true;
  ++fetches_;
  return true;
}

}  // namespace tidemill::auth
