// RateLimits: how often a connection, or a user, may send commands of each kind.
//
// Each limit is a token bucket: it holds as many tokens as it lets commands through per interval, fills
// evenly, and a command that finds one of its buckets empty is refused and takes no token of the others. A
// bucket is one number, the time at which it is full again (the generic cell rate algorithm, ITU-T I.371).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/rate_limit_settings.h"

namespace tidemill::session {

// What a command counts as.
struct Operation {
  std::size_t kind = 0;           // the index in Command::request
  std::string_view rpc_method{};  // of an rpc

  static Operation Of(const protocol::Command& command);
  static Operation Connect() {
    return {.kind = protocol::Command{.request = protocol::ConnectRequest()}.request.index()};
  }
};

// What a connection, or a user, has left.
struct BucketTimes {
  std::uint64_t of = 0;              // the limits that these belong to; of other ones all are full
  std::vector<std::int64_t> full{};  // when each bucket is full again, in nanoseconds of the loops' clock
};

// Immutable; any thread.
class RateLimits {
 public:
  RateLimits() = default;  // none
  // kInvalidArgument: a text is none of a limit.
  static Result<RateLimits> Make(const RateLimitSettings& settings);

  bool empty() const { return buckets_.empty(); }
  // Takes the command's tokens. Otherwise the name of the limit that refuses it: "publish". An unsubscribe
  // takes none and is never refused: it makes less work, and the SDKs reconnect when it is.
  std::optional<std::string_view> RefusedBy(Operation operation, MonotonicTime now, BucketTimes& times) const;
  // What a command has just taken, which another limit has refused then.
  void GiveBack(Operation operation, BucketTimes& times) const;
  using Chosen = std::vector<std::size_t>;  // indexes of buckets
  struct Bucket {
    std::string limit;          // the setting's name
    std::string name;           // the same for the same limit on every node
    std::int64_t interval = 0;  // in nanoseconds
    std::int64_t token = 0;     // in which one fills in
  };
  // Those that the command takes a token of.
  Chosen BucketsOf(Operation operation) const;
  const Bucket& bucket(std::size_t index) const { return buckets_[index]; }
  // Whether all are full: nothing need be known of whose they are.
  static bool AreFull(const BucketTimes& times, MonotonicTime now);

 private:
  Result<Chosen> Add(std::string_view limit, const std::vector<std::string>& texts,
                     std::string_view method = "");
  Result<void> AddMethods(const std::vector<std::string>& texts);
  const Chosen& ChosenFor(Operation operation) const;

  std::uint64_t id_ = 0;  // 0: there are none
  std::vector<Bucket> buckets_;
  Chosen total_;
  std::vector<Chosen> by_kind_;  // by the index of Command::request
  std::map<std::string, Chosen, std::less<>> by_method_;
};

}  // namespace tidemill::session
