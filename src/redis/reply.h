// Reply: one answer of a Redis server (RESP2), as a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidemill::redis {

struct Reply {
  enum class Kind : std::uint8_t { kNil, kStatus, kError, kInteger, kString, kArray };

  Kind kind = Kind::kNil;
  std::int64_t integer = 0;     // kInteger
  std::string text;             // kStatus, kError, kString
  std::vector<Reply> elements;  // kArray

  bool is_nil() const { return kind == Kind::kNil; }
  bool is_error() const { return kind == Kind::kError; }
  bool is_integer() const { return kind == Kind::kInteger; }
  bool is_array() const { return kind == Kind::kArray; }
  // Whether it is a kString or a kStatus.
  bool is_text() const { return kind == Kind::kString || kind == Kind::kStatus; }
  // The code an error begins with: "NOSCRIPT", "MOVED", "READONLY", "ERR"; "" if it is no error.
  std::string_view error_code() const;

  friend bool operator==(const Reply&, const Reply&) = default;
};

// kind and value for a log or a test's message; strings are cut at 64 bytes, errors at 300.
std::string ToString(const Reply& reply);

// The failure of a call that was answered like that: kRefused by an error, else kUnavailable.
std::unexpected<Error> Unexpected(const Reply& reply);

}  // namespace tidemill::redis
