// HistoryBudget: what the kept publications and positions of one loop's channels take, against its share of
// broker.history_bytes_max; and what the clients of one user take of it by publishing.
//
// It counts and refuses; what gives way when room is short, the table decides. At four fifths it warns, once
// for each time they are crossed. Loop thread only, except stats(): any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/log_limit.h"
#include "base/result.h"
#include "base/text_hash.h"
#include "net/loop.h"
#include "realtime/broker/broker.h"

namespace tidemill::broker::memory {

// The bytes a kept publication is accounted with: payloads plus the objects that hold them.
std::size_t AccountedBytes(const Publication& publication);

// Of one loop.
struct HistoryLimits {
  std::size_t bytes_max = 0;
  std::size_t bytes_per_user_max = 0;  // of publications by clients; all anonymous clients are one user
};

class HistoryBudget {
 public:
  HistoryBudget(net::Loop& loop, HistoryLimits limits) : loop_(loop), limits_(limits) {}

  // What goes when a publication comes.
  struct Freed {
    std::size_t bytes = 0;
    std::size_t bytes_of_user = 0;  // of the same user as the publication that comes
  };
  static Freed& Add(Freed& freed, const Publication& goes, const Publication& comes);

  bool HasRoom(std::size_t more, std::size_t less) const {
    return bytes() - less + more <= limits_.bytes_max;
  }
  // kLimitExceeded: too much of what is kept was published by the clients of this user.
  Result<void> CheckShare(const ChannelName& channel, const Publication& comes, const Freed& freed);
  // kLimitExceeded, counted and logged: there is no room.
  std::unexpected<Error> RefuseForRoom(const ChannelName& channel);

  void Take(const Publication& publication);
  void GiveBack(const Publication& publication);
  // Of positions, whoever they belong to.
  void TakeBytes(std::size_t bytes);
  void GiveBackBytes(std::size_t bytes);

  void ReplaceLimits(HistoryLimits limits) { limits_ = limits; }

  // Written by the loop's thread only, each by one relaxed store.
  struct Stats {
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> publications{0};
    std::atomic<std::uint64_t> refused{0};
  };
  const Stats& stats() const { return stats_; }

 private:
  std::size_t bytes() const { return stats_.bytes.load(std::memory_order_relaxed); }
  std::unexpected<Error> Refuse(const ChannelName& channel, const char* setting, std::string why);
  void Warn();

  net::Loop& loop_;
  HistoryLimits limits_;
  Stats stats_;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> bytes_of_users_;
  bool warned_ = false;
  log::LogLimit refusals_;
  log::LogLimit warnings_;
};

}  // namespace tidemill::broker::memory
