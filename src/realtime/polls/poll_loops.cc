#include "realtime/polls/poll_loops.h"

#include <functional>
#include <utility>

#include "realtime/polls/poller.h"
#include "realtime/polls/polls.h"

namespace tidemill::polls {

bool Budget::Take(std::uint64_t count) {
  if (taken_.fetch_add(count, std::memory_order_relaxed) + count > max_) {
    taken_.fetch_sub(count, std::memory_order_relaxed);
    refused_.Add();
    return false;
  }
  gauge_.Add(static_cast<std::int64_t>(count));
  return true;
}

void Budget::Give(std::uint64_t count) {
  taken_.fetch_sub(count, std::memory_order_relaxed);
  gauge_.Sub(static_cast<std::int64_t>(count));
}

bool Budget::Replace(std::uint64_t before, std::uint64_t after) {
  if (after > before) return Take(after - before);
  Give(before - after);
  return true;
}

PollLoops::PollLoops(std::vector<net::Loop*> loops, const PollSettings& settings, metrics::Registry& registry)
    : loops_(std::move(loops)),
      members_(loops_.size()),
      metrics_(registry),
      keys(settings.keys_max, metrics_.keys, metrics_.keys_refused),
      tracked(settings.tracked_max, metrics_.tracked, metrics_.tracked_refused),
      data_bytes(settings.data_max_size, metrics_.data_bytes, metrics_.data_refused) {}

std::size_t PollLoops::OwnerOf(std::string_view channel) const {
  return std::hash<std::string_view>()(channel) % loops_.size();
}

void PollLoops::Track(std::size_t from, const std::string& channel, std::vector<Interest> interests) {
  const std::size_t owner = OwnerOf(channel);
  loops_[owner]->Post(
      [poller = members_[owner].poller, from, channel, interests = std::move(interests)]() mutable {
        poller->Track(from, channel, std::move(interests));
      });
}

void PollLoops::Untrack(std::size_t from, const std::string& channel, std::vector<std::string> keys_gone) {
  const std::size_t owner = OwnerOf(channel);
  loops_[owner]->Post([poller = members_[owner].poller, from, channel, gone = std::move(keys_gone)] {
    poller->Untrack(from, channel, gone);
  });
}

void PollLoops::Tell(std::size_t loop, Update update) {
  loops_[loop]->Post([polls = members_[loop].polls, update = std::move(update)] { polls->Take(update); });
}

}  // namespace tidemill::polls
