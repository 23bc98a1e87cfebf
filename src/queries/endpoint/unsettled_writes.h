// UnsettledWrites: what those writes change of which nobody knows whether they happen. One whose answer did
// not come in time may be committed later than its client was told so: what depends on it is ended again and
// again, until it can no longer.
//
// Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "net/timer_wheel.h"

namespace tidemill::queries {

class UnsettledWrites final : private net::Timer {
 public:
  // Between two times that it is told: the first after a write, and at most.
  static constexpr Duration kPauseMin = Seconds(1);
  static constexpr Duration kPauseMax = Seconds(8);

  // `tell`: that these tables and tags may have changed.
  using Tell = std::function<void(std::vector<std::string> names)>;
  UnsettledWrites(net::Loop& loop, Tell tell) : loop_(loop), tell_(std::move(tell)) {}
  UnsettledWrites(const UnsettledWrites&) = delete;
  UnsettledWrites& operator=(const UnsettledWrites&) = delete;
  ~UnsettledWrites() override { loop_.timers().Cancel(*this); }

  // A write that changes `names` may be committed until then.
  void Note(std::span<const std::string> names, MonotonicTime until);

 private:
  void OnTimer() override;

  net::Loop& loop_;
  const Tell tell_;
  std::map<std::string, MonotonicTime, std::less<>> until_;
  Duration pause_ = kPauseMin;
};

}  // namespace tidemill::queries
