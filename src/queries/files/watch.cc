#include "queries/files/watch.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "net/blocking.h"

namespace tidemill::files {

// One reading of the folder, on the thread pool. Owns what it touches: the Watch may end before it does.
struct Watch::Job {
  WatchOptions options;
  std::shared_ptr<const FileSet> previous;

  std::shared_ptr<const FileSet> set;
  Changes changes;
  std::unique_ptr<Inotify> inotify;
  std::array<std::size_t, kProblemKinds> problems{};
  std::optional<Error> no_watches;
  std::int64_t micros = 0;
  std::unique_ptr<Inotify> old_inotify;

  void Run() {
    const std::int64_t begin = MonotonicMicros();
    if (auto opened = options.open_inotify()) {
      inotify = *std::move(opened);
      Note(inotify->WatchWayTo(options.scan.folder));
    } else {
      no_watches = std::move(opened).error();
    }
    set = Scan(options.scan, previous.get(), [this](const std::string& folder) {
      if (!no_watches) Note(inotify->WatchFolder(folder));
    });
    changes = Difference(previous ? *previous : FileSet{}, *set);
    problems = set->CountProblems();
    if (no_watches) inotify.reset();
    micros = MonotonicMicros() - begin;
  }

  // Sets may be large, and the kernel takes its time with watches: they do not end on the loop.
  void Drop() {
    old_inotify.reset();
    previous.reset();
    changes = {};
  }

 private:
  void Note(Result<void> watched) {
    if (!watched) no_watches = std::move(watched).error();
  }
};

Watch::Watch(net::Loop& loop, WatchOptions options, FilesMetrics& metrics, OnSet on_set)
    : loop_(loop), options_(std::move(options)), metrics_(metrics), on_set_(std::move(on_set)) {
  Begin();
}

Watch::~Watch() {
  loop_.Disarm(*this);
  if (inotify_) loop_.Unwatch(inotify_->fd(), *this);
}

void Watch::OnReady(std::uint32_t) {
  while (inotify_) {
    const Inotify::Seen seen = inotify_->Read();
    if (seen.overflowed) metrics_.overflows.Add();
    if (seen.changed) ReadAgain();
    if (!seen.more) return;
    if (loop_.ShareSpent()) return loop_.ArmBehind(*this);
  }
}

void Watch::ReadAgain() {
  if (reading_) {
    read_again_ = true;
    return;
  }
  const MonotonicTime now = loop_.clock().Now();
  if (!changed_since_) changed_since_ = now;
  loop_.timers().Schedule(*this, std::min(now + options_.quiet, *changed_since_ + options_.longest));
}

void Watch::OnTimer() { Begin(); }

void Watch::Begin() {
  reading_ = true;
  changed_since_ = std::nullopt;
  tasks_.Spawn(Read());
}

Task<void> Watch::Read() {
  const auto job = std::make_shared<Job>(options_, set_);
  co_await net::RunBlocking(loop_, [job] { job->Run(); });
  Measure(*job);
  job->old_inotify = Adopt(std::move(job->inotify));
  NotePolling(*job);
  const bool first = set_ == nullptr;
  set_ = job->set;
  if (first || !job->changes.empty()) on_set_(std::move(job->set), job->changes);
  co_await net::RunBlocking(loop_, [job] { job->Drop(); });

  reading_ = false;
  if (std::exchange(read_again_, false)) {
    ReadAgain();
  } else if (!inotify_ || set_->try_again) {
    loop_.timers().Schedule(*this, loop_.clock().Now() + options_.poll);
  }
}

std::unique_ptr<Inotify> Watch::Adopt(std::unique_ptr<Inotify> inotify) {
  if (inotify_) {
    loop_.Disarm(*this);
    loop_.Unwatch(inotify_->fd(), *this);
  }
  std::unique_ptr<Inotify> old = std::exchange(inotify_, std::move(inotify));
  if (inotify_ && !loop_.Watch(inotify_->fd(), EPOLLIN | EPOLLET, *this)) inotify_.reset();
  return old;
}

void Watch::Measure(const Job& job) {
  metrics_.scans.Add();
  metrics_.scan_seconds.Observe(static_cast<double>(job.micros) / 1e6);
  const std::size_t files = job.previous ? job.previous->files.size() : 0;
  metrics_.files.Add(static_cast<std::int64_t>(job.set->files.size()) - static_cast<std::int64_t>(files));
  for (std::size_t i = 0; i < kProblemKinds; ++i) {
    metrics_.problems[i]->Add(static_cast<std::int64_t>(job.problems[i]) -
                              static_cast<std::int64_t>(problems_[i]));
  }
  problems_ = job.problems;
}

void Watch::NotePolling(const Job& job) {
  const bool polls = inotify_ == nullptr;
  if (polls == std::exchange(polling_, polls)) return;
  metrics_.polling.Add(polls ? 1 : -1);
  if (!polls) return log::Info("queries.watch_restored");
  log::Warn("queries.watch_degraded", {{"reason", job.no_watches ? job.no_watches->detail : "no epoll watch"},
                                       {"poll_ms", options_.poll.ms}});
}

}  // namespace tidemill::files
