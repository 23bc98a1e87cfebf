// Key: a row of a section with the type of its struct erased, and what is told of it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "config/section.h"

namespace tidemill::config {

struct Key {
  std::string name;  // "client.ping_interval"
  Facts facts;
  Field type;  // the alternative that `field` gives, with a null pointer
  std::function<Field(void* settings)> field;
};

// "duration", "integer", "boolean", "string", "list of strings", "secret", "list of secrets",
// "list of addresses", "list" (of anything), "table".
std::string_view TypeName(const Key& key);

// Whether its value is, or may have in it, what must not be printed.
bool IsSecret(const Key& key);

// The least and the greatest value of an integer, or of a duration in milliseconds.
struct Bounds {
  std::int64_t min = 0;
  std::int64_t max = 0;
};
Bounds BoundsOf(const Key& key);

// "1s … 1h", "0 … 100", "\"text\", \"json\""; "" when any.
std::string RangeText(const Key& key);

}  // namespace tidemill::config
