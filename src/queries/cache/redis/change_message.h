// The message that tells other nodes what has changed: the id of the node that sent it, then the names of
// tables and tags, each on a line of its own. docs/formats/redis-cache.md. Pure functions; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::queries::redis_tier {

struct ChangeMessage {
  std::string node;
  std::vector<std::string> names;
  friend bool operator==(const ChangeMessage&, const ChangeMessage&) = default;
};

std::string EncodeChange(std::string_view node, std::span<const std::string> names);
// nullopt: malformed, or of another form: anything may have changed.
std::optional<ChangeMessage> DecodeChange(std::string_view text);

}  // namespace tidemill::queries::redis_tier
