// ConnectionLimiter: how many connections there may be, in all and per peer address, over all loops.
//
// An IPv6 peer counts with its whole /64, which is what one subscriber is given. Unix-socket peers are
// counted in the total only, and so are proxies: theirs count with their clients once these are known. Any
// thread; one mutex, taken at accept and close only.
#pragma once

#include <cstddef>
#include <memory>

#include "net/address.h"
#include "net/networks.h"

namespace tidemill::net {

struct ConnectionLimits {
  std::size_t connections_max = 0;              // 0: no limit
  std::size_t connections_per_address_max = 0;  // 0: no limit
  std::shared_ptr<const Networks> proxies;      // null: none
};

enum class Admission { kAdmitted, kTooManyConnections, kTooManyFromAddress };

class ConnectionLimiter {
 public:
  static std::unique_ptr<ConnectionLimiter> Make(ConnectionLimits limits);
  virtual ~ConnectionLimiter() = default;

  // Counts the connection, refused or not, until Release: a refused one is still there while it is told so.
  virtual Admission Admit(const IpAddress& peer) = 0;
  virtual void Release(const IpAddress& peer) = 0;
  // A counted connection turns out to be another's. kTooManyFromAddress: of that one's there are too many; it
  // is counted there all the same.
  virtual Admission Move(const IpAddress& from, const IpAddress& to) = 0;
  virtual void ReplaceLimits(ConnectionLimits limits) = 0;
  virtual std::size_t connections() const = 0;
};

}  // namespace tidemill::net
