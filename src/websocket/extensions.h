// The Sec-WebSocket-Extensions header (RFC 6455 section 9.1) as a value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::websocket {

struct ExtensionParameter {
  std::string name;
  std::optional<std::string> value;  // unquoted
};

struct ExtensionOffer {
  std::string name;
  std::vector<ExtensionParameter> parameters;
};

// All offers in order, none for an empty header; nullopt when the header is malformed, which the RFC wants
// refused.
std::optional<std::vector<ExtensionOffer>> ParseExtensions(std::string_view header);

}  // namespace tidemill::websocket
