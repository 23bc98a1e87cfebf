#include "realtime/hub/channel_batch.h"

#include <algorithm>
#include <string>

namespace tidemill::hub {
namespace {

constexpr std::size_t kAroundIt = 200;

std::size_t BytesOf(const broker::Publication& publication) {
  return kAroundIt + publication.data.size() + publication.key.size();
}

}  // namespace

bool ChannelBatch::Hold(const broker::PublicationPtr& publication) {
  if (options_.latest) SkipOlder(*publication);
  held_.push_back(publication);
  Count(static_cast<std::int64_t>(BytesOf(*publication)));
  if (++came_ == 1 && options_.delay.ms > 0) {
    loop_.timers().Schedule(*this, loop_.clock().Now() + options_.delay);
  }
  return (options_.size > 0 && came_ >= options_.size) || bytes_ >= HeldBytes::kOfChannelMax ||
         of_all_.bytes >= HeldBytes::kMax;
}

// Of one key and the same tags there is one at most: who filters by tags may want the older of two others.
void ChannelBatch::SkipOlder(const broker::Publication& newer) {
  const auto older = std::ranges::find_if(
      held_, [&](const auto& held) { return held->key == newer.key && held->tags == newer.tags; });
  if (older == held_.end()) return;
  Count(-static_cast<std::int64_t>(BytesOf(**older)));
  held_.erase(older);
  of_all_.skipped.Add();
}

std::vector<broker::PublicationPtr> ChannelBatch::Take() {
  loop_.timers().Cancel(*this);
  Count(-static_cast<std::int64_t>(bytes_));
  came_ = 0;
  return std::exchange(held_, {});
}

void ChannelBatch::Count(std::int64_t bytes) {
  bytes_ = static_cast<std::size_t>(static_cast<std::int64_t>(bytes_) + bytes);
  of_all_.bytes = static_cast<std::size_t>(static_cast<std::int64_t>(of_all_.bytes) + bytes);
  of_all_.gauge.Add(bytes);
}

}  // namespace tidemill::hub
