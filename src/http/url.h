// An absolute http or https URL as a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::http {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;
  std::uint16_t port = 0;
  std::string target;  // path and query, at least "/"
  friend bool operator==(const Url&, const Url&) = default;

  // kInvalidArgument for anything but an absolute http(s) URL; credentials in it are refused.
  static Result<Url> Parse(std::string_view text);
};

}  // namespace tidemill::http
