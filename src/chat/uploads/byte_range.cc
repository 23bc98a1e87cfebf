#include "chat/uploads/byte_range.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace tidemill::chat {
namespace {

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  if (text.empty() || text.size() > 19 || !std::ranges::all_of(text, IsDigit)) return std::nullopt;
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::expected<std::optional<ByteRange>, NotSatisfiable> RangeOf(const http::Request& request,
                                                                std::uint64_t size, std::string_view etag) {
  constexpr std::string_view kUnit = "bytes=";
  std::string_view range = request.Header("range").value_or("");
  if (!EqualIgnoringCase(range.substr(0, kUnit.size()), kUnit)) return std::nullopt;
  if (request.Header("if-range").value_or(etag) != etag) return std::nullopt;
  range.remove_prefix(kUnit.size());
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view from = range.substr(0, dash);
  const std::string_view to = range.substr(dash + 1);
  const auto first = ParseNumber(from);
  const auto last = ParseNumber(to);
  if ((!first && !from.empty()) || (!last && !to.empty())) return std::nullopt;
  if (!first && !last) return std::nullopt;
  if (!first) {
    const std::uint64_t bytes = std::min(*last, size);
    if (bytes == 0) return std::unexpected(NotSatisfiable{});
    return ByteRange{.first = size - bytes, .bytes = bytes};
  }
  if (last && *last < *first) return std::nullopt;
  if (*first >= size) return std::unexpected(NotSatisfiable{});
  return ByteRange{.first = *first, .bytes = std::min(last.value_or(size - 1), size - 1) - *first + 1};
}

bool HasAlready(const http::Request& request, std::string_view etag) {
  const std::string_view listed = request.Header("if-none-match").value_or("");
  return listed == "*" || (!etag.empty() && listed.contains(etag));
}

}  // namespace tidemill::chat
