// DeltaBases: what the subscribers of one channel that follow deltas have: its last publication, or the last
// one of each key.
//
// It is what the hub has written for them last, so a delta of anything else cannot be made: whatever was lost
// on the way to this loop, by the broker or before a restart, no subscriber of it has that either.
//
// The publications are the broker's, only kept longer. All channels of a loop share a DeltaBudget; where that
// is used up nothing is kept and the next publication is sent whole. Private to hub/. Loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text_hash.h"
#include "metrics/metrics.h"
#include "realtime/broker/broker.h"

namespace tidemill::hub {

class DeltaBudget {
 public:
  DeltaBudget(std::size_t bytes_max, metrics::Gauge& bytes, metrics::Counter& refused)
      : bytes_max_(bytes_max), bytes_gauge_(bytes), refused_(refused) {}

  bool Take(std::size_t bytes);
  void Give(std::size_t bytes);

 private:
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  metrics::Gauge& bytes_gauge_;
  metrics::Counter& refused_;
};

class DeltaBases {
 public:
  // Of one channel: any one of more is let go for a new one, so that the end of a channel is little work.
  static constexpr std::size_t kKeysMax = 4096;

  explicit DeltaBases(DeltaBudget& budget) : budget_(budget) {}
  ~DeltaBases() { Clear(); }
  DeltaBases(const DeltaBases&) = delete;
  DeltaBases& operator=(const DeltaBases&) = delete;

  // The last publication of the key, of a stream of "". Null: it is not known.
  const broker::Publication* Find(std::string_view key) const;
  // It is the last one now. A removed key has none.
  void Keep(const broker::PublicationPtr& publication);
  void Forget(std::string_view key);
  void Clear();

 private:
  void GiveUp(broker::PublicationPtr& base);

  DeltaBudget& budget_;
  broker::PublicationPtr of_stream_;
  std::unordered_map<std::string, broker::PublicationPtr, TextHash, std::equal_to<>> of_keys_;
};

}  // namespace tidemill::hub
