// SipHash-2-4 (Aumasson and Bernstein, 2012): a hash of 64 bits under a secret key. Whoever does not know the
// key cannot choose inputs that fall together, so it is the one for tables whose keys clients choose.
#pragma once

#include <cstdint>
#include <string_view>

namespace tidemill {

struct SipKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  static SipKey Random();
};

std::uint64_t SipHash(SipKey key, std::string_view bytes);

}  // namespace tidemill
