// Store: when users were last active, and last online.
//
// Implementations live beside this file and below it; each must pass testing/store_contract.cc, which is this
// comment in executable form. What is older than the expire interval is forgotten; over a limit, what is
// oldest. Times never go back.
//
// Loop thread only, of its own loop; an answer arrives there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"

namespace tidemill::status {

enum class Sign : std::uint8_t {
  kActive,  // did something in the application
  kOnline,  // has a connection
};
inline constexpr std::size_t kSigns = 2;

// In seconds since the Unix epoch; 0: not known.
struct UserStatus {
  std::string user;
  std::int64_t active = 0;
  std::int64_t online = 0;
  friend bool operator==(const UserStatus&, const UserStatus&) = default;
};

class Store {
 public:
  virtual ~Store() = default;
  // kUnavailable: the store did not confirm.
  virtual Task<Result<void>> Note(std::vector<std::string> users, Sign sign, WallTime at) = 0;
  // Of each in the order of `users`.
  virtual Task<Result<std::vector<UserStatus>>> Get(std::vector<std::string> users) = 0;
  virtual Task<Result<void>> Delete(std::vector<std::string> users) = 0;
};

struct StoreLimits {
  Duration expire_interval = Hours(720);
  std::size_t users_max = 1'000'000;
  friend bool operator==(const StoreLimits&, const StoreLimits&) = default;
};

}  // namespace tidemill::status
