#include "chat/delivery/courier.h"

#include <utility>

#include "chat/delivery/channels.h"
#include "net/next_turn.h"

namespace tidemill::chat {

void Courier::Publish(std::string channel, std::string event) {
  Post(std::move(channel), std::move(event), sending_, kPublishesMax);
}

void Courier::PublishTo(std::string_view user, std::string event) {
  Post(UserChannel(user), std::move(event), letters_, kLettersMax);
}

void Courier::Post(std::string channel, std::string event, std::size_t& sending, std::size_t max) {
  if (sending >= max) return metrics_.dropped.Add();
  ++sending;
  scope_.Spawn(
      Send(*this, {.channel = std::move(channel), .data = std::move(event), .form = broker::DataForm::kJson},
           sending));
}

Task<void> Courier::PublishToEach(Letter letter) {
  if (addressees_ + letter.users.size() > kAddresseesMax) {
    metrics_.dropped.Add(letter.users.size());
    co_return;
  }
  addressees_ += letter.users.size();
  for (const std::string& user : letter.users) {
    PublishTo(user, letter.event);
    if (loop_.ShareSpent()) co_await net::NextTurn(loop_);
  }
  addressees_ -= letter.users.size();
}

void Courier::ForgetHistory(std::string channel) { scope_.Spawn(Forget(*this, std::move(channel))); }

Task<void> Courier::Forget(Courier& self, std::string channel) {
  const auto removed = co_await self.publisher_.RemoveHistory(std::move(channel));
  if (!removed) self.metrics_.dropped.Add();
}

Task<void> Courier::Send(Courier& self, broker::PublishCall call, std::size_t& sending) {
  const auto published = co_await self.publisher_.Publish(std::move(call));
  --sending;
  (published ? self.metrics_.published : self.metrics_.dropped).Add();
}

}  // namespace tidemill::chat
