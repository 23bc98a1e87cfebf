// Percent-encoding (RFC 3986 section 2.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill {

enum class Plus : std::uint8_t {
  kItself,  // in paths and addresses
  kBlank,   // in a query, as HTML forms write it
};

// The byte as "%2F".
void AppendPercentEncoded(char byte, std::string& out);

// nullopt: a % that two hexadecimal digits do not follow.
std::optional<std::string> PercentDecode(std::string_view text, Plus plus = Plus::kItself);

}  // namespace tidemill
