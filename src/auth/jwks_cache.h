// Decides when a key set is fetched, and what the answer is meanwhile. No I/O: a state machine over time.
//
// A set serves for `keys_ttl`. Then it is fetched again in the background, and serves for at most `stale_ttl`
// more while that fails. A key id that the set does not have causes a fetch, but at most one fetch per
// `fetch_interval`, and none for the same id within `missing_ttl`. So invented key ids do not burden the
// endpoint, and known ones never wait for a fetch.
//
// Only a set whose fetch began after the question shows that a key does not exist: the endpoint may have got
// it since an older one. Where no such fetch may begin, nothing is known of the key. Loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "auth/jwk_set.h"
#include "base/clock.h"
#include "base/result.h"

namespace tidemill::auth {

struct JwksTimes {
  Duration keys_ttl = Hours(1);
  Duration stale_ttl = Hours(1);
  Duration missing_ttl = Seconds(30);
  Duration fetch_interval = Seconds(1);
};

class JwksCache {
 public:
  static constexpr std::size_t kMissingMax = 1000;  // key ids remembered as missing; more are not remembered

  explicit JwksCache(JwksTimes times) : times_(times) {}

  enum class State {
    kFound,
    kMissing,      // the endpoint does not have it
    kNotYet,       // it was not in an older set, and the set may not be fetched for it yet
    kUnavailable,  // there is no set, or the endpoint did not answer when it was asked last
    kWait,         // a fetch is under way: ask FindAfter when it has ended
  };
  struct Answer {
    State state = State::kUnavailable;
    PublicKeyPtr key = nullptr;  // when found
    bool fetch = false;          // the caller must start a fetch now and report it to OnFetched
    std::uint64_t shown_by = 0;  // the first fetch that shows whether the key exists
  };
  Answer Find(std::string_view key_id, MonotonicTime now);
  // The answer to a question that had to wait; never kWait. `shown_by` is what Find said.
  Answer FindAfter(std::string_view key_id, std::uint64_t shown_by, MonotonicTime now);
  void OnFetched(Result<KeySet> set, MonotonicTime now);

  bool fetching() const { return fetching_; }

 private:
  // Of the set that is there; never kMissing.
  Answer FindInSet(std::string_view key_id, MonotonicTime now) const;
  // Whether there is a set that was fetched less than `age` ago.
  bool YoungerThan(Duration age, MonotonicTime now) const;
  bool KnownMissing(std::string_view key_id, MonotonicTime now) const;
  bool BeginFetch(MonotonicTime now);

  const JwksTimes times_;
  KeySet set_;
  std::optional<MonotonicTime> set_at_;      // when set_ was fetched
  std::optional<MonotonicTime> attempt_at_;  // when the last fetch ended
  bool attempt_failed_ = false;
  bool fetching_ = false;
  std::uint64_t fetches_ = 0;    // so far; each has a number, from 1
  std::uint64_t set_fetch_ = 0;  // the one that brought set_
  std::map<std::string, MonotonicTime, std::less<>> missing_until_;
};

}  // namespace tidemill::auth
