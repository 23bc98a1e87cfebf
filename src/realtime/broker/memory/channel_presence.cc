#include "realtime/broker/memory/channel_presence.h"

#include <utility>

namespace tidemill::broker::memory {

void ChannelPresence::Add(protocol::ClientInfo info) {
  Remove(info.client);
  ++clients_of_user_[info.user];
  by_client_.insert(std::move(info));
}

bool ChannelPresence::Remove(std::string_view client) {
  const auto found = by_client_.find(client);
  if (found == by_client_.end()) return false;
  const auto user = clients_of_user_.find(found->user);
  if (--user->second == 0) clients_of_user_.erase(user);
  by_client_.erase(found);
  return true;
}

}  // namespace tidemill::broker::memory
