// Store: the tables of the outbox, as the one who relays and the API see them.
//
// One node relays at a time: it holds a lease with an epoch, and what another one than its holder wants to
// finish changes nothing. Entries are read in the order of their ids among those that are committed and taken
// out when they have left, so one that is committed later with a lower id is found by the next reading
// (docs/decisions/0016-order-of-the-outbox.md).
//
// Thread: the loop of the database it stands on. A task may be destroyed while it waits; what it had to write
// may still happen. testing/store_contract.h is this comment in executable form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"
#include "outbox/entry.h"

namespace tidemill::outbox {

// Taken out of the way of others because it cannot leave.
struct Parked {
  Entry entry;
  std::string reason;
  WallTime parked_at;
  friend bool operator==(const Parked&, const Parked&) = default;
};

struct Refusal {
  std::int64_t id = 0;
  std::string reason;
};

// What has become of entries: one transaction.
struct Finished {
  std::vector<std::int64_t> sent;
  std::vector<Refusal> refused;  // they are parked
};

struct Depth {
  std::uint64_t waiting = 0;  // exact up to kExactMax; above, not fewer than there are
  std::uint64_t parked = 0;   // up to kExactMax, the most that outbox.parked_max may be
  std::optional<WallTime> oldest;
  WallTime now;  // by the database's clock, which has dated `oldest`
};

struct Relaying {
  std::string node;  // "": nobody's lease lasts
  std::uint64_t epoch = 0;
};

class Store {
 public:
  static constexpr std::uint64_t kExactMax = 10'000;
  static constexpr std::size_t kDataShown = 4096;

  virtual ~Store() = default;

  // Takes the lease, or goes on with it: a new epoch if somebody else had it last. kPermissionDenied: another
  // node has it, which the detail names.
  virtual Task<Result<std::uint64_t>> Acquire(std::string node, Duration ttl) = 0;
  // Lets it go, so that another need not wait for its end.
  virtual Task<Result<>> Release() = 0;
  virtual Task<Result<Relaying>> FindRelaying() = 0;

  // The oldest committed entries, in the order of ids, but those in `held` lanes. Fewer than `count` may come
  // when they are long; none: there are none.
  virtual Task<Result<std::vector<Entry>>> Load(std::size_t count, std::vector<std::string> held) = 0;
  // All of it or nothing; renews the lease. kPermissionDenied: the epoch is over, nothing was done. Whatever
  // else fails, it may have been done, and may be asked for again.
  virtual Task<Result<>> Finish(std::uint64_t epoch, Finished finished) = 0;

  // Whether a publishing transaction rings: Postgres' NOTIFY on "tidemill_outbox", whose payload is the
  // schema. What is under way meanwhile may be missed. SQLite: does nothing.
  virtual Task<Result<>> Ring(std::uint64_t epoch, bool rings) = 0;
  // Tells publishers how much the table may hold, and whether it is full now.
  virtual Task<Result<>> Admit(std::uint64_t epoch, std::uint64_t depth_max, bool is_full) = 0;
  virtual Task<Result<Depth>> Measure() = 0;
  // Whether there are more than `depth`; as slow as that is large.
  virtual Task<Result<bool>> IsDeeperThan(std::uint64_t depth) = 0;

  // In the order of ids, behind `after`. To be shown: without options, and no more than kDataShown characters
  // of the data.
  virtual Task<Result<std::vector<Parked>>> ListParked(std::int64_t after, std::size_t count) = 0;
  virtual Task<Result<std::vector<std::int64_t>>> ListParkedIds(std::int64_t after, std::size_t count) = 0;
  // Back to where it was, with its id. How many were there.
  virtual Task<Result<std::size_t>> Retry(std::vector<std::int64_t> ids) = 0;
  virtual Task<Result<std::size_t>> Drop(std::vector<std::int64_t> ids) = 0;
};

}  // namespace tidemill::outbox
