// Turnstile: lets so many callers in at once; the others wait, first come, first served.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "net/loop.h"
#include "net/task.h"
#include "postgres/lanes/wait_queue.h"

namespace tidemill::postgres {

class Turnstile final : private net::Pollable {
 public:
  Turnstile(net::Loop& loop, std::size_t places, WaitLimits limits, Metrics& metrics)
      : loop_(loop), places_(places), queue_(loop, limits, metrics) {}
  Turnstile(const Turnstile&) = delete;
  Turnstile& operator=(const Turnstile&) = delete;
  ~Turnstile() { loop_.Disarm(*this); }

  // Whoever has it is inside. Must not outlive the turnstile.
  class Pass {
   public:
    Pass(Pass&& other) noexcept : turnstile_(std::exchange(other.turnstile_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (turnstile_) turnstile_->Leave();
    }

   private:
    friend class Turnstile;
    explicit Pass(Turnstile& turnstile) : turnstile_(&turnstile) { ++turnstile.inside_; }

    Turnstile* turnstile_;
  };

  // kBusy, kTimeout: as WaitQueue.
  Task<sql::Result<Pass>> Enter(Patience patience);

 private:
  void Leave();
  void OnReady(std::uint32_t) override;

  net::Loop& loop_;
  const std::size_t places_;
  std::size_t inside_ = 0;
  WaitQueue queue_;
};

}  // namespace tidemill::postgres
