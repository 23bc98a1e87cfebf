// application/x-www-form-urlencoded (WHATWG URL, section 5.1): query strings and forms.
//
// Unlike browsers it refuses what is malformed: a % without two hexadecimal digits, bytes that are not UTF-8,
// zero characters. Functions; any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/percent.h"

namespace tidemill::queries {

// Decodes `text`; the error is what is wrong with it: "has a % without two hexadecimal digits".
std::expected<std::string, std::string> DecodeUrl(std::string_view text, Plus plus);

// What stands between two &. Both are not decoded; without a '=' the value is "".
struct UrlPair {
  std::string_view name;
  std::string_view value;
};

// Reads one pair after another and passes over empty ones.
class UrlPairs {
 public:
  explicit UrlPairs(std::string_view text) : rest_(text) {}
  std::optional<UrlPair> Next();

 private:
  std::string_view rest_;
};

}  // namespace tidemill::queries
