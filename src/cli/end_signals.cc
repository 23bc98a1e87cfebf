#include "cli/end_signals.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

namespace tidemill::cli {

EndSignals::EndSignals(net::Loop& loop, std::function<void()> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals_, &before_);
  fd_ = net::Fd(signalfd(-1, &signals_, SFD_NONBLOCK | SFD_CLOEXEC));
}

EndSignals::~EndSignals() {
  if (watched_) loop_.Unwatch(fd_.get(), *this);
  TakeAll();
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

Result<> EndSignals::Start() {
  TM_TRY(loop_.Watch(fd_.get(), EPOLLIN, *this));
  watched_ = true;
  return {};
}

void EndSignals::OnReady(std::uint32_t) {
  if (TakeAll()) on_signal_();
}

bool EndSignals::TakeAll() {
  bool any = false;
  signalfd_siginfo taken;
  while (read(fd_.get(), &taken, sizeof taken) > 0) any = true;
  return any;
}

}  // namespace tidemill::cli
