#include "realtime/channels/permissions.h"

#include "base/json.h"

namespace tidemill::channels {
namespace {

// One right of a namespace: three flags that always mean the same. The anonymous flag grants nothing by
// itself: it extends the other two to clients without a user.
struct Right {
  bool for_client = false;
  bool for_subscriber = false;
  bool for_anonymous = false;
};

bool Grants(const Right& right, const Caller& caller) {
  const bool reaches_user = !caller.user.empty() || right.for_anonymous;
  const bool reaches_role = right.for_client || (right.for_subscriber && caller.subscribed);
  return (reaches_user && reaches_role) || caller.insecure;
}

}  // namespace

bool MaySubscribe(const Channel& channel, const Caller& caller) {
  const ChannelOptions& options = *channel.options;
  if (channel.name.is_private) return false;
  if (channel.personal) {
    const bool open = options.allow_user_limited_channels || options.allow_subscribe_for_client;
    const bool own = !caller.user.empty() && caller.user == channel.owner();
    return (open && own) || caller.insecure;
  }
  if (options.allow_user_limited_channels && channel.name.user_limited) {
    return channel.name.ListsUser(caller.user) || caller.insecure;
  }
  return Grants({.for_client = options.allow_subscribe_for_client,
                 .for_anonymous = options.allow_subscribe_for_anonymous},
                caller);
}

bool MayPublish(const Channel& channel, const Caller& caller) {
  return Grants({.for_client = channel.options->allow_publish_for_client,
                 .for_subscriber = channel.options->allow_publish_for_subscriber,
                 .for_anonymous = channel.options->allow_publish_for_anonymous},
                caller);
}

bool MayPublishKeys(const Channel& channel, const Caller& caller) {
  return Grants({.for_client = channel.options->map.allow_publish_for_client,
                 .for_subscriber = channel.options->map.allow_publish_for_subscriber,
                 .for_anonymous = channel.options->map.allow_publish_for_anonymous},
                caller);
}

bool MayRemoveKeys(const Channel& channel, const Caller& caller) {
  return Grants({.for_client = channel.options->map.allow_remove_for_client,
                 .for_subscriber = channel.options->map.allow_remove_for_subscriber,
                 .for_anonymous = channel.options->map.allow_remove_for_anonymous},
                caller);
}

bool MayReadPresence(const Channel& channel, const Caller& caller) {
  return Grants({.for_client = channel.options->allow_presence_for_client,
                 .for_subscriber = channel.options->allow_presence_for_subscriber,
                 .for_anonymous = channel.options->allow_presence_for_anonymous},
                caller);
}

bool MayReadHistory(const Channel& channel, const Caller& caller) {
  return Grants({.for_client = channel.options->allow_history_for_client,
                 .for_subscriber = channel.options->allow_history_for_subscriber,
                 .for_anonymous = channel.options->allow_history_for_anonymous},
                caller);
}

bool DataAllowed(const ChannelOptions& options, std::string_view data) {
  if (options.publication_data_format == "binary") return true;
  if (options.publication_data_format == "json") return IsJson(data);
  if (options.publication_data_format == "json_object") return IsJsonObject(data);
  return !data.empty();
}

}  // namespace tidemill::channels
