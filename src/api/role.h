// Role: what a person who has signed in may call, and what they need for a method.
//
// Keys of the API have no role: http_api.key opens all methods. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemill::api {

// Each may what those before it may.
enum class Role : std::uint8_t {
  kViewer,    // sees, and changes nothing
  kOperator,  // acts on channels, connections, jobs and the outbox
  kAdmin,     // whatever http_api.key opens
};

std::string_view Name(Role role);  // "viewer"
std::optional<Role> ParseRole(std::string_view name);

// What people need to call a method.
struct Admission {
  std::optional<Role> least;  // nullopt: nobody may; it is for programs, with a key
  bool acts = false;          // it changes something: each call of a person is in the audit log
  friend bool operator==(const Admission&, const Admission&) = default;
};

}  // namespace tidemill::api
