// ByteRange: the part of a file that a request asks for (RFC 9110 section 14). Values; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "http/message.h"

namespace tidemill::chat {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct NotSatisfiable {
  friend bool operator==(const NotSatisfiable&, const NotSatisfiable&) = default;
};

// Of a file of `size` bytes. nullopt: all of it; so is what cannot be read, and more than one range, which a
// server may leave aside. Of a file that is another than the one that If-Range names, too.
std::expected<std::optional<ByteRange>, NotSatisfiable> RangeOf(const http::Request& request,
                                                                std::uint64_t size, std::string_view etag);

// Whether If-None-Match says that the client has it.
bool HasAlready(const http::Request& request, std::string_view etag);

}  // namespace tidemill::chat
