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
  std::size_t used = 0;
  std::string target;
  std::string body;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen Parse(const std::string& input, std::size_t first_piece) {
  static const ServerLimits limits{
      .request_line_bytes_max = 200, .header_bytes_max = 600, .body_bytes_max = 1000};
  RequestParser parser(limits);
  const std::string begin = input.substr(0, first_piece);
  for (const std::string* piece : {&begin, &input}) {
    const auto state = parser.Parse(*piece);
    if (!state) return {.status = state.error().status};
    if (*state != RequestParser::State::kComplete) continue;
    Request request;
    Seen seen{.status = 0, .used = parser.Take(*piece, request)};
    seen.target = request.target;
    seen.body = request.body;
    return seen;
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
