// When to fetch a key set, and what to answer meanwhile. No I/O: a state machine over time.
//
// A set serves for `keys_ttl`; then it is fetched again, in the background, and goes on serving for at most
// `stale_ttl` while that fails. A key id that the set does not have is worth a fetch, but not more than one
// per `fetch_interval`, and not the same id twice within `missing_ttl`: made-up key ids cost the endpoint
// nothing and known ones never wait for them. Loop thread only.
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
  // From what is known, without asking for a fetch; never kWait.
  Answer FindNow(std::string_view key_id, MonotonicTime now);
  void OnFetched(Result<KeySet> set, MonotonicTime now);

  bool fetching() const { return fetching_; }

 private:
  // Whether there is a set, and it came less than `age` ago.
  bool YoungerThan(Duration age, MonotonicTime now) const;
  bool KnownMissing(std::string_view key_id, MonotonicTime now) const;
  bool BeginFetch(MonotonicTime now);

  const JwksTimes times_;
  KeySet set_;
  std::optional<MonotonicTime> set_at_;      // when set_ came
  std::optional<MonotonicTime> attempt_at_;  // when the last fetch ended
  bool attempt_failed_ = false;
  bool fetching_ = false;
  std::map<std::string, MonotonicTime, std::less<>> missing_until_;
};

}  // namespace tidemill::auth
