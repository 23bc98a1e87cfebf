#include "redis/reply.h"

namespace tidemill::redis {

std::string_view Reply::error_code() const {
  if (!is_error()) return {};
  return std::string_view(text).substr(0, text.find(' '));
}

std::string ToString(const Reply& reply) {
  constexpr std::size_t kShownBytes = 64;
  constexpr std::size_t kShownErrorBytes = 300;
  switch (reply.kind) {
    case Reply::Kind::kNil: return "nil";
    case Reply::Kind::kStatus: return "+" + reply.text.substr(0, kShownBytes);
    case Reply::Kind::kError: return "-" + reply.text.substr(0, kShownErrorBytes);
    case Reply::Kind::kInteger: return ":" + std::to_string(reply.integer);
    case Reply::Kind::kString: return "\"" + reply.text.substr(0, kShownBytes) + "\"";
    case Reply::Kind::kArray: break;
  }
  std::string text = "[";
  for (const Reply& element : reply.elements) {
    if (text.size() > 1) text += ", ";
    text += ToString(element);
  }
  return text + "]";
}

std::unexpected<Error> Unexpected(const Reply& reply) {
  return Fail(reply.is_error() ? Errc::kRefused : Errc::kUnavailable, "Redis answered " + ToString(reply));
}

}  // namespace tidemill::redis
