// HTTP/1.1 as far as commands need it: one request out, one answer in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/connection.h"

namespace tidemill::cli {

struct HttpHead {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case

  std::optional<std::string_view> Header(std::string_view lower_case_name) const;
};

// Reads up to the end of the head; what came after it is left in `rest`. kInvalidArgument: not HTTP.
// kLimitExceeded: longer than 64 KiB.
Result<HttpHead> ReadHead(Connection& connection, Duration wait, std::string& rest);

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// Sends a body of JSON and gives the answer; at most 16 MiB of it.
Result<HttpAnswer> PostJson(const Endpoint& endpoint, std::string_view path, std::string_view api_key,
                            std::string_view body);

}  // namespace tidemill::cli
