// The rules of channels: which namespace's options a name has. What they allow: permissions.h.
//
// Immutable after construction; a reload makes a new one. Any thread.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "realtime/channels/name.h"
#include "realtime/channels/settings.h"
#include "realtime/protocol/codes.h"

namespace tidemill::channels {

// The longest name at all, in bytes: what a service, a token or the id of a user can name. Clients are held
// to channel.max_length.
inline constexpr std::size_t kNameBytesMax = 65'536;

struct Channel {
  NameParts name{};
  const ChannelOptions* options = nullptr;  // lives as long as the Rules
  bool personal = false;                    // "#user" of the namespace that has the personal channels

  // Whose channel it is, where it is personal: all that follows the '#'.
  std::string_view owner() const { return name.rest.substr(1); }
};

class Rules {
 public:
  // `personal_namespace`: where every user has a channel "#user" of its own, so that such a name never lists
  // several; nullopt: nowhere. kInvalidArgument: a channel_regex that does not compile (RE2 syntax is checked
  // by config as well).
  static Result<std::shared_ptr<const Rules>> Make(
      ChannelSettings settings, std::optional<std::string> personal_namespace = std::nullopt);
  virtual ~Rules() = default;

  // Of a channel that a service names: the API, a token, the server itself. In this order: kErrorBadRequest,
  // the name is empty or longer than kNameBytesMax; kErrorUnknownChannel, no such namespace. Neither this nor
  // the next allocates. `channel` must outlive the answer, whose name points into it.
  virtual std::expected<Channel, protocol::ErrorCode> Find(std::string_view channel) const = 0;
  // Of a channel that a client names. Also kErrorBadRequest: first, the name is longer than
  // channel.max_length; last, the namespace's channel_regex is not found in NameParts::rest (it is not
  // anchored, write ^…$), or there is no channel_regex and the name is not all ASCII.
  virtual std::expected<Channel, protocol::ErrorCode> FindForClient(std::string_view channel) const = 0;
  virtual const ChannelSettings& settings() const = 0;
};

}  // namespace tidemill::channels
