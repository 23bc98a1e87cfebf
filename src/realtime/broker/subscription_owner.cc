#include "realtime/broker/subscription_owner.h"

#include <iterator>

#include "net/async.h"
#include "realtime/broker/glob.h"

namespace tidemill::broker {
namespace {

constexpr std::size_t kChannelsMax = 100'000;

}  // namespace

PendingSubscribe::~PendingSubscribe() {
  if (completed_) return;
  owner_.loop().Post(
      [&owner = owner_, channel = std::move(channel_), state = state_, loop_index = loop_index_] {
        state->abandoned = true;
        if (state->subscribed) owner.Unsubscribe(channel, loop_index);
      });
}

Task<Result<std::vector<ChannelCount>>> ListChannels(net::Loop& asker, std::vector<SubscriptionOwner*> owners,
                                                     std::string pattern) {
  TM_CO_TRY(CheckGlob(pattern));
  std::vector<ChannelCount> all;
  for (SubscriptionOwner* const owner : owners) {
    const std::size_t room = kChannelsMax - all.size();
    auto part = co_await net::Ask<std::vector<ChannelCount>>(
        asker, owner->loop(), [owner, pattern, room] { return owner->SubscribedChannels(pattern, room); });
    if (part.size() > room) co_return Fail(Errc::kLimitExceeded, "over 100,000 channels match");
    all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  }
  co_return all;
}

}  // namespace tidemill::broker
