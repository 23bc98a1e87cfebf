// Values of enums by name and back. Functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace tidemill::chat {

// The value whose place in `names` has that name.
template <class Enum>
std::optional<Enum> ParseName(std::span<const std::string_view> names, std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace tidemill::chat
