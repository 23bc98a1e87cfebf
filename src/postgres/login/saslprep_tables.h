// The code points of RFC 3454 that RFC 4013 (SASLprep) asks for, as ranges in ascending order.
#pragma once

#include <span>

namespace tidemill::postgres {

struct CodePoints {
  char32_t first;
  char32_t last;
};

extern const std::span<const CodePoints> kUnassigned;
extern const std::span<const CodePoints> kMappedToNothing;
extern const std::span<const CodePoints> kMappedToSpace;
extern const std::span<const CodePoints> kProhibited;
extern const std::span<const CodePoints> kRightToLeft;
extern const std::span<const CodePoints> kLeftToRight;

}  // namespace tidemill::postgres
