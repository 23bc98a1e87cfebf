// What a released job is handed: the results of jobs and the payloads of signals, by name, as JSON. Pure; any
// thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tidemill::jobs {

struct Input {
  std::string_view name;
  std::string_view json = {};  // empty: there is none, or no room for it
  bool is_missing = false;     // it was waited for in vain
};

// {"NAME": value or null, …}; empty: there are no inputs.
std::string ObjectOf(std::span<const Input> inputs);
// ["NAME", …] of those that are missing; empty: none is.
std::string MissingOf(std::span<const Input> inputs);

}  // namespace tidemill::jobs
