// TextHash: lets a table with keys of std::string be asked with a view:
//
//   std::unordered_map<std::string, Thing, TextHash, std::equal_to<>>
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace tidemill {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace tidemill
