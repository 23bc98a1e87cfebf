// What the settings of a proxy hold as JSON: static headers, and what statuses of HTTP are for clients.
//
// Pure functions over values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace tidemill::proxies {

// What a client is told in the words of the operator or of the operator's service.
struct ErrorText {
  std::uint32_t code = 0;
  std::string message;
  bool temporary = false;
  friend bool operator==(const ErrorText&, const ErrorText&) = default;
};
struct DisconnectText {
  std::uint32_t code = 0;
  std::string reason;
  friend bool operator==(const DisconnectText&, const DisconnectText&) = default;
};
using Refusing = std::variant<ErrorText, DisconnectText>;

struct StatusTransform {
  int status = 0;
  Refusing to;
  friend bool operator==(const StatusTransform&, const StatusTransform&) = default;
};

// http.status_to_code_transforms. kInvalidArgument says what is wrong with which of them.
Result<std::vector<StatusTransform>> ReadTransforms(std::string_view json);

// http.static_headers. kInvalidArgument: a name or a value that HTTP does not know.
using HeaderList = std::vector<std::pair<std::string, std::string>>;
Result<HeaderList> ReadStaticHeaders(std::string_view json);

}  // namespace tidemill::proxies
