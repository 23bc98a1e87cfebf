// Loop::Uv: libuv inside a loop's wait. Its descriptor is one of those the loop polls; it runs only when that
// is ready, when one of its timers is due, or when something was submitted to it.
//
// Loop thread only. Included by loop.cc only.
#pragma once

#include <memory>
#include <optional>

#include "net/loop.h"

namespace tidemill::net {

class Loop::Uv final : public Pollable {
 public:
  Uv();
  ~Uv();
  Result<void> Start();

  int fd() const;
  uv_loop_s* ForSubmission();

  // Before the loop waits.
  void RunIfTouched();
  // After the loop waited.
  void RunIfDue();
  // The machine's time at which RunIfDue has something to do.
  std::optional<MonotonicTime> due() const { return due_; }

  void OnReady(std::uint32_t) override;

 private:
  struct Handles;
  void Run();

  std::unique_ptr<Handles> handles_;
  bool started_ = false;
  bool touched_ = false;
  std::optional<MonotonicTime> due_;
};

}  // namespace tidemill::net
