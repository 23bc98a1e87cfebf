// EndSignals: SIGINT and SIGTERM as a call on a command's loop, while it lives.
#pragma once

#include <signal.h>

#include <functional>

#include "base/result.h"
#include "net/loop.h"
#include "net/socket.h"

namespace tidemill::cli {

class EndSignals final : public net::Pollable {
 public:
  // `on_signal` is called for each that comes, on the loop.
  EndSignals(net::Loop& loop, std::function<void()> on_signal);
  ~EndSignals();
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

  Result<> Start();

 private:
  void OnReady(std::uint32_t) override;
  // Whether there was any.
  bool TakeAll();

  net::Loop& loop_;
  const std::function<void()> on_signal_;
  sigset_t signals_;
  sigset_t before_;
  net::Fd fd_;
  bool watched_ = false;
};

}  // namespace tidemill::cli
