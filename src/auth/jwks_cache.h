// Decides when a key set is fetched, and what the answer is meanwhile. No I/O: a state machine over time.
//
// A set serves for `keys_ttl`. Then it is fetched again in the background, and serves for at most `stale_ttl`
// more while that fails. A key id that the set does not have causes a fetch, but at most one fetch per
// `fetch_interval`, and none for the same id within `missing_ttl`. So invented key ids do not burden the
// endpoint, and known ones never wait for a fetch. Loop thread only.
#pragma once

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

  enum class State { kFound, kMissing, kUnavailable, kWait };
  struct Answer {
    State state = State::kUnavailable;
    PublicKeyPtr key = nullptr;  // when found
    bool fetch = false;          // the caller must start a fetch now and report it to OnFetched
  };
  // kWait: a fetch is under way; ask FindNow when it has ended.
  Answer Find(std::string_view key_id, MonotonicTime now);
  // From what is known, without a fetch; never kWait.
  Answer FindNow(std::string_view key_id, MonotonicTime now);
  void OnFetched(Result<KeySet> set, MonotonicTime now);

  bool fetching() const { return fetching_; }

 private:
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
  std::map<std::string, MonotonicTime, std::less<>> missing_until_;
};

}  // namespace tidemill::auth
