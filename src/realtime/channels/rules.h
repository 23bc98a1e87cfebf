// The rules of channels: which namespace's options a name has. What they allow: permissions.h.
//
// Immutable after construction; a reload makes a new one. Any thread.
#pragma once

#include <expected>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "realtime/channels/name.h"
#include "realtime/channels/settings.h"
#include "realtime/protocol/codes.h"

namespace tidemill::channels {

struct Channel {
  NameParts name{};
  const ChannelOptions* options = nullptr;  // lives as long as the Rules
};

class Rules {
 public:
  // kInvalidArgument: a channel_regex that does not compile (RE2 syntax is checked by config as well).
  static Result<std::shared_ptr<const Rules>> Make(ChannelSettings settings);
  virtual ~Rules() = default;

  // In this order: kErrorBadRequest, the name is malformed or too long; kErrorUnknownChannel, no such
  // namespace; kErrorBadRequest, the namespace's channel_regex is not found in NameParts::rest (it is not
  // anchored, write ^…$). Does not allocate. `channel` must outlive the answer, whose name points into it.
  virtual std::expected<Channel, protocol::ErrorCode> Find(std::string_view channel) const = 0;
  virtual const ChannelSettings& settings() const = 0;
};

}  // namespace tidemill::channels
