// Loop::Uv: libuv inside a loop's wait. Its descriptor is one of those the loop polls; it runs only when that
// is ready, when one of its timers is due, or when something was submitted to it.
//
// Included by loop.cc only, and through uv.h that is the point.
#pragma once

#include <uv.h>

#include <optional>

#include "net/loop.h"

namespace tidemill::net {

class Loop::Uv final : public Pollable {
 public:
  Uv() = default;
  ~Uv();
  Result<void> Start();

  int fd() const { return uv_backend_fd(&loop_); }
  uv_loop_t* ForSubmission() {
    touched_ = true;
    return &loop_;
  }

  // Before the loop waits.
  void RunIfTouched();
  // After the loop waited.
  void RunIfDue();
  // The machine's time at which RunIfDue has something to do.
  std::optional<MonotonicTime> due() const { return due_; }

  void OnReady(std::uint32_t) override;

 private:
  void Run();

  uv_loop_t loop_{};
  uv_async_t keep_alive_{};
  bool started_ = false;
  bool touched_ = false;
  std::optional<MonotonicTime> due_;
};

}  // namespace tidemill::net
