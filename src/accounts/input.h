// Input: the members of a request's body, a JSON object, each taken by name and type.
//
// A member that nobody knows, or that is there twice, is refused by name. It views the body, which outlives
// it. Pure; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/refusal.h"
#include "http/message.h"

namespace tidemill::accounts {

struct IntegerRange {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

class Input {
 public:
  // An empty body is an object without members.
  static Outcome<Input> Read(std::string_view body, std::initializer_list<std::string_view> known);

  // A text that must be there.
  Outcome<std::string> Text(std::string_view name) const;
  // null is the same as absent.
  Outcome<std::optional<std::string>> OptionalText(std::string_view name) const;
  Outcome<std::optional<std::int64_t>> OptionalInteger(std::string_view name, IntegerRange range) const;
  Outcome<std::optional<bool>> OptionalBool(std::string_view name) const;

 private:
  std::map<std::string, std::string_view, std::less<>> members_;  // their JSON
};

// A number in the query, within the range; `otherwise` where it is not there.
Outcome<std::int64_t> QueryInteger(const http::Request& request, std::string_view name, IntegerRange range,
                                   std::int64_t otherwise);

}  // namespace tidemill::accounts
