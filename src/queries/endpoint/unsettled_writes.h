// UnsettledWrites: what those writes change of which nobody knows whether they happen. One whose answer did
// not come in time may be committed later than its client was told so: until it can no longer, nothing that
// depends on it is kept here, and what other nodes have kept of it is ended again and again.
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
#include "queries/cache/generations.h"

namespace tidemill::queries {

class UnsettledWrites final : private net::Timer {
 public:
  // Between two times that it is told: the first after a write, and at most.
  static constexpr Duration kPauseMin = Seconds(1);
  static constexpr Duration kPauseMax = Seconds(8);

  // `tell`: that these tables and tags may have changed. `held`: of what is kept here.
  using Tell = std::function<void(std::vector<std::string> names)>;
  UnsettledWrites(net::Loop& loop, Generations& held, Tell tell)
      : loop_(loop), held_(held), tell_(std::move(tell)) {}
  UnsettledWrites(const UnsettledWrites&) = delete;
  UnsettledWrites& operator=(const UnsettledWrites&) = delete;
  ~UnsettledWrites() override;

  // A write that changes `names` may be committed until then.
  void Note(std::span<const std::string> names, MonotonicTime until);

 private:
  void OnTimer() override;

  net::Loop& loop_;
  Generations& held_;
  const Tell tell_;
  std::map<std::string, MonotonicTime, std::less<>> until_;
  Duration pause_ = kPauseMin;
};

}  // namespace tidemill::queries
