#include "realtime/broker/memory/channel_presence.h"

#include <memory>
#include <utility>

namespace tidemill::broker::memory {

void ChannelPresence::Add(protocol::ClientInfo info) {
  Remove(info.client);
  ++clients_of_user_[info.user];
  entries_.push_back(std::make_shared<const protocol::ClientInfo>(std::move(info)));
  place_of_client_.emplace(entries_.back()->client, entries_.size() - 1);
}

bool ChannelPresence::Remove(std::string_view client) {
  const auto found = place_of_client_.find(client);
  if (found == place_of_client_.end()) return false;
  const std::size_t place = found->second;
  place_of_client_.erase(found);
  const protocol::ClientInfoPtr removed = std::exchange(entries_[place], std::move(entries_.back()));
  entries_.pop_back();
  if (place < entries_.size()) place_of_client_.find(entries_[place]->client)->second = place;
  const auto user = clients_of_user_.find(removed->user);
  if (--user->second == 0) clients_of_user_.erase(user);
  return true;
}

}  // namespace tidemill::broker::memory
