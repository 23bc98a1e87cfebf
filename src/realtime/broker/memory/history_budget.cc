#include "realtime/broker/memory/history_budget.h"

#include <utility>

#include "base/assert.h"
#include "base/log.h"

namespace tidemill::broker::memory {
namespace {

constexpr std::size_t kSharedPtrControlBytes = 16;
constexpr std::size_t kAllocatorBytes = 16;

void Bump(std::atomic<std::uint64_t>& counter, std::uint64_t by) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

// Only clients have a share; what a backend publishes has no info.
bool IsByClient(const Publication& publication) { return publication.info.has_value(); }

bool SameUser(const Publication& a, const Publication& b) {
  return IsByClient(a) && IsByClient(b) && a.info->user == b.info->user;
}

}  // namespace

std::size_t AccountedBytes(const Publication& publication) {
  std::size_t bytes = sizeof(Publication) + sizeof(PublicationPtr) + kSharedPtrControlBytes + kAllocatorBytes;
  bytes += publication.data.size() + publication.key.size();
  for (const auto& [key, value] : publication.tags) {
    bytes += 2 * sizeof(std::string) + key.size() + value.size();
  }
  if (publication.info) {
    const ClientInfo& info = *publication.info;
    bytes += info.user.size() + info.client.size() + info.conn_info.size() + info.chan_info.size();
  }
  return bytes;
}

HistoryBudget::Freed& HistoryBudget::Add(Freed& freed, const Publication& goes, const Publication& comes) {
  const std::size_t bytes = AccountedBytes(goes);
  freed.bytes += bytes;
  if (SameUser(goes, comes)) freed.bytes_of_user += bytes;
  return freed;
}

Result<void> HistoryBudget::CheckShare(const ChannelName& channel, const Publication& comes,
                                       const Freed& freed) {
  if (!IsByClient(comes)) return {};
  const auto found = bytes_of_users_.find(comes.info->user);
  const std::size_t taken = found == bytes_of_users_.end() ? 0 : found->second;
  if (taken - freed.bytes_of_user + AccountedBytes(comes) <= limits_.bytes_per_user_max) return {};
  return Refuse(channel, "broker.history_bytes_per_user_max",
                "broker.history_bytes_per_user_max is reached by user \"" + comes.info->user + "\"");
}

std::unexpected<Error> HistoryBudget::RefuseForRoom(const ChannelName& channel) {
  return Refuse(channel, "broker.history_bytes_max", "broker.history_bytes_max is reached");
}

std::unexpected<Error> HistoryBudget::Refuse(const ChannelName& channel, const char* setting,
                                             std::string why) {
  Bump(stats_.refused, 1);
  if (const auto suppressed = refusals_.Count(loop_.Now())) {
    log::Warn("broker.history_refused", {{"channel", channel.value()},
                                         {"reason", why},
                                         {"setting", setting},
                                         {"used_bytes", bytes()},
                                         {"loop", loop_.index()},
                                         {"suppressed", *suppressed}});
  }
  return Fail(Errc::kLimitExceeded, std::move(why));
}

void HistoryBudget::Take(const Publication& publication) {
  const std::size_t bytes = AccountedBytes(publication);
  if (IsByClient(publication)) bytes_of_users_[publication.info->user] += bytes;
  Bump(stats_.publications, 1);
  TakeBytes(bytes);
}

void HistoryBudget::GiveBack(const Publication& publication) {
  const std::size_t bytes = AccountedBytes(publication);
  if (IsByClient(publication)) {
    const auto found = bytes_of_users_.find(publication.info->user);
    TM_ASSERT(found != bytes_of_users_.end());
    found->second -= bytes;
    if (found->second == 0) bytes_of_users_.erase(found);
  }
  Bump(stats_.publications, static_cast<std::uint64_t>(-1));
  GiveBackBytes(bytes);
}

void HistoryBudget::TakeBytes(std::size_t more) {
  Bump(stats_.bytes, more);
  if (!warned_ && bytes() / 4 > limits_.bytes_max / 5) Warn();
}

void HistoryBudget::GiveBackBytes(std::size_t less) {
  Bump(stats_.bytes, static_cast<std::uint64_t>(0) - less);
  // A little under the mark, so that a stream that drops one for each it takes does not cross it each time.
  if (warned_ && bytes() / 3 < limits_.bytes_max / 4) warned_ = false;
}

void HistoryBudget::Warn() {
  warned_ = true;
  if (const auto suppressed = warnings_.Count(loop_.Now())) {
    log::Warn("broker.history_filled", {{"used_bytes", bytes()},
                                        {"limit_bytes", limits_.bytes_max},
                                        {"setting", "broker.history_bytes_max"},
                                        {"loop", loop_.index()},
                                        {"suppressed", *suppressed}});
  }
}

}  // namespace tidemill::broker::memory
