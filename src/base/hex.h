// Bytes as hexadecimal digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidemill {

// Two lower-case digits for each byte.
std::string HexEncode(std::string_view bytes);

// Digits of either case; nullopt for an odd number of them or anything else.
std::optional<std::string> HexDecode(std::string_view text);

}  // namespace tidemill
