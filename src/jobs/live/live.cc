#include "jobs/live/live.h"

#include <utility>

#include "realtime/broker/stream_settings.h"

namespace tidemill::live {

bool IsLiveChannel(std::string_view channel) {
  return channel.starts_with(kJobChannel) || channel.starts_with(kQueueChannel) ||
         channel.starts_with(kBatchChannel);
}

Live::Live(const Surroundings& surroundings, Limits limits)
    : at_(surroundings),
      limits_(limits),
      published_(at_.registry.AddCounter("tidemill_jobs_live_published_total",
                                         "Publications of what became of jobs, in their channels.")),
      dropped_(at_.registry.AddCounter(
          "tidemill_jobs_live_dropped_total",
          "States of jobs that were not published: too many channels change at once, or the broker failed.")),
      coalescer_(limits.interval) {}

void Live::SetOccupied(std::string channel, bool occupied) {
  if (occupied) {
    occupied_.insert(std::move(channel));
  } else {
    occupied_.erase(channel);
  }
}

// Whether the channel's namespace is there, and keeps what is published, for those who ask later.
bool Live::IsKept(std::string_view channel) const {
  const auto found = at_.publisher.rules().Find(channel);
  return found && (broker::KeepsStream(*found->options) || at_.other_nodes == OtherNodes::kMaySubscribe);
}

// How many channels may be held for this one to be among them; 0: nobody wants it.
std::size_t Live::RoomFor(std::string_view channel) const {
  if (occupied_.contains(channel)) return limits_.channels_max;
  return IsKept(channel) ? limits_.unsubscribed_max : 0;
}

void Live::OnChange(const jobs::JobChange& change) {
  Take(kJobChannel, change.jid, &change);
  Take(kQueueChannel, change.queue, nullptr);
}

void Live::OnBatchChange(std::string_view bid) { Take(kBatchChannel, bid, nullptr); }

// Without a change: of what is asked for when it goes out.
void Live::Take(std::string_view prefix, std::string_view name, const jobs::JobChange* change) {
  channel_.assign(prefix).append(name);
  const std::size_t room = RoomFor(channel_);
  if (room == 0) return;
  Change now;
  switch (
      coalescer_.Add(channel_, change == nullptr ? Change() : ChangeOf(*change), at_.loop.Now(), room, now)) {
    case Coalescer<Change>::Taken::kNow: Publish(channel_, now); break;
    case Coalescer<Change>::Taken::kLater: break;
    case Coalescer<Change>::Taken::kNoRoom: dropped_.Add(); break;
  }
  if (!scheduled()) at_.loop.timers().Schedule(*this, at_.loop.Now() + limits_.interval);
}

void Live::OnTimer() {
  while (const auto next = coalescer_.Next(at_.loop.Now())) {
    Publish(next->first, next->second);
    if (at_.loop.ShareSpent()) break;
  }
  if (const auto due = coalescer_.next_due()) at_.loop.timers().Schedule(*this, *due);
}

std::string Live::DataOf(std::string_view channel, const Change& change) const {
  if (channel.starts_with(kQueueChannel)) return at_.queue(channel.substr(kQueueChannel.size()));
  if (channel.starts_with(kBatchChannel)) return at_.batch(channel.substr(kBatchChannel.size()));
  return ToJson(change);
}

void Live::Publish(std::string_view channel, const Change& change) {
  std::string data = DataOf(channel, change);
  if (data.empty()) return;
  if (scope_.running() >= limits_.publishes_max) return dropped_.Add();
  scope_.Spawn(Send(
      *this, {.channel = std::string(channel), .data = std::move(data), .form = broker::DataForm::kJson}));
}

Task<void> Live::Send(Live& live, broker::PublishCall call) {
  const auto published = co_await live.at_.publisher.Publish(std::move(call));
  (published ? live.published_ : live.dropped_).Add();
}

void OccupancyRelay::Tell(const broker::ChannelName& channel, bool occupied) {
  if (!IsLiveChannel(channel.value())) return;
  live_loop_.Post([&live = live_, name = channel.value(), occupied]() mutable {
    live.SetOccupied(std::move(name), occupied);
  });
}

}  // namespace tidemill::live
