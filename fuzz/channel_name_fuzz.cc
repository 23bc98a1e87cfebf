// links: channels protocol config base
//
// Any bytes as a channel's name: the parts are always pieces of the name, they put it together again, what a
// client may name a service may name too, and only the user of a personal channel may follow it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "realtime/channels/permissions.h"

namespace tidemill::channels {
namespace {

bool Inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void CheckParts(std::string_view name, const NameParts& parts) {
  TM_ASSERT(Inside(parts.name_space, name) && Inside(parts.rest, name) && Inside(parts.users, name));
  TM_ASSERT(parts.is_private == name.starts_with('$'));
  TM_ASSERT(parts.user_limited == name.contains('#'));
  TM_ASSERT(!parts.name_space.contains(':') && !parts.users.contains('#'));
  if (name.contains(':')) {
    const std::string again =
        (parts.is_private ? "$" : "") + std::string(parts.name_space) + ":" + std::string(parts.rest);
    TM_ASSERT(again == name);
  } else {
    TM_ASSERT(parts.name_space.empty() && parts.rest == name);
  }
  TM_ASSERT(!parts.ListsUser(""));
  if (parts.user_limited && !parts.users.empty() && !parts.users.contains(',')) {
    TM_ASSERT(parts.ListsUser(parts.users));
  }
}

std::shared_ptr<const Rules> MakeRules() {
  channels::ChannelSettings settings;
  settings.namespaces["open"].allow_subscribe_for_client = true;
  settings.namespaces["users"].allow_user_limited_channels = true;
  settings.namespaces["word"].channel_regex = "^[a-z]+(#[0-9,]+)?$";
  settings.namespaces["own"].allow_user_limited_channels = true;
  return *Rules::Make(std::move(settings), "own");
}

void CheckFound(std::string_view name, const Channel& channel) {
  TM_ASSERT(channel.options != nullptr);
  const bool user_may = MaySubscribe(channel, {.user = "42"});
  const bool anonymous_may = MaySubscribe(channel, {});
  TM_ASSERT(!name.starts_with('$') ||
            (!user_may && !MaySubscribe(channel, {.user = "42", .insecure = true})));
  TM_ASSERT(!anonymous_may);
  TM_ASSERT(!user_may || name.starts_with("open:") || name == "own:#42" ||
            ((name.starts_with("users:") || name.starts_with("own:")) && channel.name.ListsUser("42")));
  TM_ASSERT(channel.personal == name.starts_with("own:#"));
}

}  // namespace
}  // namespace tidemill::channels

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill::channels;
  static const std::shared_ptr<const Rules> rules = MakeRules();
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  CheckParts(name, ParseChannelName(name));
  const auto channel = rules->Find(name);
  const auto for_client = rules->FindForClient(name);
  if (channel) CheckFound(name, *channel);
  TM_ASSERT(!for_client || (channel && channel->options == for_client->options));
  TM_ASSERT(!for_client || name.size() <= rules->settings().max_length);
  return 0;
}
