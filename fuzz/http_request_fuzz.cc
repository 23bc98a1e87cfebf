// links: http
// Requests: no crash, and how the input is cut into pieces does not matter.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/parser.h"

namespace {

using tidemill::http::Request;
using tidemill::http::RequestParser;
using tidemill::http::ServerLimits;

struct Seen {
  int status = -1;  // -1: not complete
  std::string target;
  std::string path;
  std::string body;
  std::string rest;  // what follows the request
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen Parse(const std::string& input, std::size_t first_piece) {
  static const ServerLimits limits{
      .request_line_bytes_max = 200, .header_bytes_max = 600, .body_bytes_max = 1000};
  RequestParser parser(limits);
  std::string buffer;
  std::size_t fed = 0;
  for (const std::size_t end : {first_piece, input.size()}) {
    buffer += input.substr(fed, end - fed);
    fed = end;
    const auto state = parser.Parse(buffer);
    if (!state) return {.status = state.error().status};
    if (*state == RequestParser::State::kComplete) {
      Request request;
      const std::size_t used = parser.Take(buffer, request);
      Seen seen{.status = 0};
      seen.target = request.target;
      seen.path = request.path;
      seen.body = request.body;
      seen.rest = buffer.substr(used) + input.substr(fed);
      return seen;
    }
    parser.Compact(buffer);
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Seen whole = Parse(input, input.size());
  const Seen cut = Parse(input, input.empty() ? 0 : data[0] % input.size());
  if (whole != cut) std::abort();
  return 0;
}
