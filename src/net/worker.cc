#include "net/worker.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/assert.h"
#include "net/loop.h"

namespace tidemill::net {

Result<std::unique_ptr<Worker>> Worker::Start(WorkerOptions options) {
  const int wake_fd = eventfd(0, EFD_CLOEXEC);
  if (wake_fd < 0) return Fail(Errc::kInternal, std::string("eventfd: ") + std::strerror(errno));
  return std::unique_ptr<Worker>(new Worker(std::move(options), wake_fd));
}

Worker::Worker(WorkerOptions options, int wake_fd)
    : options_(std::move(options)), wake_fd_(wake_fd), mailbox_(wake_fd), thread_([this] { Work(); }) {}

Worker::~Worker() {
  stop_.store(true, std::memory_order_release);
  TM_ASSERT(eventfd_write(wake_fd_, 1) == 0);
  thread_.join();
  close(wake_fd_);
}

Result<void> Worker::Accept(std::unique_ptr<Message> work) {
  if (accepted_.fetch_add(1, std::memory_order_relaxed) >= options_.accepted_max) {
    accepted_.fetch_sub(1, std::memory_order_relaxed);
    return Fail(Errc::kLimitExceeded, options_.name + ": too much work is waiting");
  }
  mailbox_.Post(std::move(work));
  mailbox_.Wake();
  return {};
}

void Worker::Work() {
  // Signals are for the main thread.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  AssertNotOnLoop();
  for (;;) {
    // Read before the mailbox is emptied: nothing is accepted once the destructor runs.
    const bool stopping = stop_.load(std::memory_order_acquire);
    mailbox_.Drain();
    if (stopping) return;
    if (!mailbox_.BeginSleep()) continue;
    eventfd_t wakes = 0;
    TM_ASSERT(eventfd_read(wake_fd_, &wakes) == 0 || errno == EINTR);
    mailbox_.EndSleep();
  }
}

}  // namespace tidemill::net
