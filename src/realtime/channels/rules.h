// The rules of channels: which namespace's options a name has, and who may do what in it.
//
// Immutable after construction; a reload makes a new one. Any thread.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "realtime/channels/name.h"
#include "realtime/channels/settings.h"
#include "realtime/protocol/codes.h"

namespace tidemill::channels {

struct Channel {
  NameParts name{};
  const channels::ChannelOptions* options = nullptr;  // lives as long as the Rules
};

class Rules {
 public:
  // kInvalidArgument: a channel_regex that does not compile (RE2 syntax is checked by config as well).
  static Result<std::shared_ptr<const Rules>> Make(channels::ChannelSettings settings);
  virtual ~Rules() = default;

  // In this order: kErrorBadRequest, the name is malformed or too long; kErrorUnknownChannel, no such
  // namespace; kErrorBadRequest, the namespace's channel_regex is not found in NameParts::rest (it is not
  // anchored, write ^…$). Does not allocate. `channel` must outlive the answer, whose name points into it.
  virtual std::expected<Channel, protocol::ErrorCode> Find(std::string_view channel) const = 0;
  virtual const channels::ChannelSettings& settings() const = 0;
};

// Who asks. `subscribed`: to the channel in question.
struct Asker {
  std::string_view user = "";  // "": anonymous
  bool subscribed = false;
  bool insecure = false;  // client.insecure: everything that is not switched off is allowed
};

// Permissions only: that the feature itself is on (presence, history_size) is for the caller to check first.
// Each flag is for users; its _for_anonymous extends it to clients without one and grants nothing alone.

// Without a token. A '$' channel: nobody, not even with `insecure`. A '#' channel: the users it lists, where
// allow_user_limited_channels is on. Any other: allow_subscribe_for_client.
bool MaySubscribe(const Channel& channel, const Asker& asker);
bool MayPublish(const Channel& channel, const Asker& asker);
bool MayReadPresence(const Channel& channel, const Asker& asker);
bool MayReadHistory(const Channel& channel, const Asker& asker);

// publication_data_format. "" and json(_object): data must not be empty; json ones must be valid. binary:
// any.
bool DataAllowed(const channels::ChannelOptions& options, std::string_view data);

}  // namespace tidemill::channels
