// Base64 (RFC 4648) in the two forms in use here, and nothing between them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill {

enum class Base64 : std::uint8_t {
  kStandard,  // section 4: + and /, padded with =
  kUrl,       // section 5: - and _, no padding (as in JWT, RFC 7515)
};

std::string Base64Encode(std::string_view bytes, Base64 form);

// nullopt for anything Base64Encode does not give: other characters, blanks, padding that is missing or not
// expected, unused bits that are not zero.
std::optional<std::string> Base64Decode(std::string_view text, Base64 form);

}  // namespace tidemill
