// Decimal numbers as texts: "-12.50". Compared exactly, whatever their length.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace tidemill::filter {

// A decimal is a sign or none, digits, and perhaps a point with 1 to 19 digits behind it; at most 200 bytes.
// nullopt: one of them is none.
std::optional<std::strong_ordering> CompareDecimals(std::string_view a, std::string_view b);

}  // namespace tidemill::filter
