// Finds what somebody probably meant: the nearest of the known names by edit distance.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidemill {

// nullopt when none is near: more than a third of the letters would change. A name without its section
// ("ping_interval") finds the one that has it.
std::optional<std::string> Nearest(std::string_view text, std::span<const std::string> names);

}  // namespace tidemill
