#include "realtime/broker/subscription_owner.h"

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
  // Shared, because the task may be destroyed while an owner has it.
  const auto walk = std::make_shared<ChannelWalk>(std::move(pattern), kChannelsMax);
  for (SubscriptionOwner* const owner : owners) {
    walk->BeginOwner();
    do {
      co_await net::Ask<bool>(asker, owner->loop(), [owner, walk] {
        owner->WalkOn(*walk);
        return true;
      });
    } while (!walk->ended());
    if (walk->found_too_many()) co_return Fail(Errc::kLimitExceeded, "over 100,000 channels match");
  }
  co_return walk->TakeFound();
}

}  // namespace tidemill::broker
