// BufferBudget: what the buffers of all connections may take together. Of one loop.
#pragma once

#include <cstddef>
#include <cstdint>

#include "metrics/metrics.h"

namespace tidemill::faktory {

class BufferBudget {
 public:
  enum class Share : std::uint8_t { kAll, kStrangers };  // strangers' ends sooner: a quarter of it

  // `gauge`: shows what is taken; it outlives this.
  BufferBudget(std::size_t bytes_max, metrics::Gauge& gauge) : bytes_max_(bytes_max), gauge_(gauge) {}

  // From `before` to `after` bytes of one connection; less is always granted.
  [[nodiscard]] bool Resize(std::size_t before, std::size_t after, Share share = Share::kAll) {
    const bool is_stranger = share == Share::kStrangers;
    if (after > before) {
      if (used_bytes_ + after - before > bytes_max_) return false;
      if (is_stranger && strangers_bytes_ + after - before > bytes_max_ / 4) return false;
    }
    used_bytes_ += after - before;
    if (is_stranger) strangers_bytes_ += after - before;
    gauge_.Add(static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before));
    return true;
  }

 private:
  const std::size_t bytes_max_;
  std::size_t used_bytes_ = 0;
  std::size_t strangers_bytes_ = 0;  // of them
  metrics::Gauge& gauge_;
};

}  // namespace tidemill::faktory
