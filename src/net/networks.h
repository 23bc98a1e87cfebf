// Networks: a set of IP addresses, as networks by prefix: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7"; "unix"
// stands for the peers of Unix sockets.
//
// Immutable; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace tidemill::net {

class Networks {
 public:
  Networks() = default;  // contains nothing

  // kInvalidArgument names the first that is no network: no address, a prefix that is too long, bits behind
  // the prefix.
  static Result<Networks> Parse(std::span<const std::string> texts);

  bool empty() const { return networks_.empty(); }
  bool Contains(const IpAddress& address) const;

 private:
  struct Network {
    IpAddress address;  // IPv4 in its mapped form
    std::size_t bits = 0;
  };
  static Result<Network> ParseOne(std::string_view text);

  std::vector<Network> networks_;
};

}  // namespace tidemill::net
