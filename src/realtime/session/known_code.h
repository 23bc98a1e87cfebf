// KnownCode: a code of the protocol with its reason, by its number.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/assert.h"

namespace tidemill::session {

// It must be one of those that are known.
template <class Code>
Code KnownCode(std::span<const Code> known, std::uint32_t code) {
  const auto found = std::ranges::find(known, code, &Code::code);
  TM_ASSERT(found != known.end());
  return *found;
}

}  // namespace tidemill::session
