// API keys, compared in constant time. Immutable after construction; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/secret.h"

namespace tidemill::auth {

class ApiKeys {
 public:
  // Empty keys are left out: they allow nobody.
  explicit ApiKeys(const std::vector<config::Secret>& keys);
  // Takes the same time whatever `key` is: SHA-256 digests are compared, all of them.
  bool Allows(std::string_view key) const;
  bool empty() const { return digests_.empty(); }

 private:
  std::vector<std::array<std::uint8_t, 32>> digests_;
};

}  // namespace tidemill::auth
