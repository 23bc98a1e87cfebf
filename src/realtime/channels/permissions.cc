#include "base/json.h"
#include "realtime/channels/rules.h"

namespace tidemill::channels {
namespace {

// One right of a namespace: three flags that always mean the same. The anonymous flag grants nothing by
// itself: it extends the other two to clients without a user.
struct Right {
  bool for_client = false;
  bool for_subscriber = false;
  bool for_anonymous = false;
};

bool Grants(const Right& right, const Asker& asker) {
  const bool reaches_user = !asker.user.empty() || right.for_anonymous;
  const bool reaches_role = right.for_client || (right.for_subscriber && asker.subscribed);
  return (reaches_user && reaches_role) || asker.insecure;
}

}  // namespace

bool MaySubscribe(const Channel& channel, const Asker& asker) {
  if (channel.name.is_private) return false;
  if (channel.name.user_limited) {
    const bool listed = channel.options->allow_user_limited_channels && channel.name.ListsUser(asker.user);
    return listed || asker.insecure;
  }
  return Grants({.for_client = channel.options->allow_subscribe_for_client,
                 .for_anonymous = channel.options->allow_subscribe_for_anonymous},
                asker);
}

bool MayPublish(const Channel& channel, const Asker& asker) {
  return Grants({.for_client = channel.options->allow_publish_for_client,
                 .for_subscriber = channel.options->allow_publish_for_subscriber,
                 .for_anonymous = channel.options->allow_publish_for_anonymous},
                asker);
}

bool MayReadPresence(const Channel& channel, const Asker& asker) {
  return Grants({.for_client = channel.options->allow_presence_for_client,
                 .for_subscriber = channel.options->allow_presence_for_subscriber,
                 .for_anonymous = channel.options->allow_presence_for_anonymous},
                asker);
}

bool MayReadHistory(const Channel& channel, const Asker& asker) {
  return Grants({.for_client = channel.options->allow_history_for_client,
                 .for_subscriber = channel.options->allow_history_for_subscriber,
                 .for_anonymous = channel.options->allow_history_for_anonymous},
                asker);
}

bool DataAllowed(const channels::ChannelOptions& options, std::string_view data) {
  if (options.publication_data_format == "binary") return true;
  if (options.publication_data_format == "json") return IsJson(data);
  if (options.publication_data_format == "json_object") return IsJsonObject(data);
  return !data.empty();
}

}  // namespace tidemill::channels
