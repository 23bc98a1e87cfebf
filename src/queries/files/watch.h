// Watch: tells when a folder of .sql files has become another FileSet.
//
// It reads the folder once at its start, and again after each change: when nothing has changed for
// `quiet`, at the latest `longest` after the first change. Reading is done on the thread pool, with new
// watches each time, set before anything is read: no change is lost, whatever was renamed, replaced by a
// link, or taken away and put back. Where the kernel has no watches left, or something could not be read, the
// folder is read every `poll`.
//
// A folder that is not there is an empty set with found = false: whether the endpoints go with it is for the
// caller to decide. Loop thread only; the callback may not destroy the Watch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"
#include "queries/files/inotify.h"
#include "queries/files/metrics.h"
#include "queries/files/scan.h"

namespace tidemill::files {

struct WatchOptions {
  ScanOptions scan;
  Duration quiet = Milliseconds(100);
  Duration longest = Seconds(1);
  Duration poll = Seconds(5);
  // Any thread. Tests take it away.
  std::function<Result<std::unique_ptr<Inotify>>()> open_inotify = Inotify::Open;
};

class Watch final : public net::Pollable, private net::Timer {
 public:
  // The first call has the set as it was found, everything added; later ones come only if something differs.
  using OnSet = std::function<void(std::shared_ptr<const FileSet> set, const Changes& changes)>;

  // `metrics` outlives it.
  Watch(net::Loop& loop, WatchOptions options, FilesMetrics& metrics, OnSet on_set);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Reads the folder again soon, as after a change.
  void ReadAgain();

  void OnReady(std::uint32_t epoll_events) override;

 private:
  struct Job;

  void OnTimer() override;
  void Begin();
  Task<void> Read();
  // Listens to what the job has set up, and gives what was listened to before.
  std::unique_ptr<Inotify> Adopt(std::unique_ptr<Inotify> inotify);
  void Measure(const Job& job);
  void NotePolling(const Job& job);

  net::Loop& loop_;
  const WatchOptions options_;
  FilesMetrics& metrics_;
  const OnSet on_set_;
  std::shared_ptr<const FileSet> set_;  // null: not read yet
  std::unique_ptr<Inotify> inotify_;    // null: it polls
  std::array<std::size_t, kProblemKinds> problems_{};
  bool polling_ = false;
  bool reading_ = false;
  bool read_again_ = false;                     // something changed while it was read
  std::optional<MonotonicTime> changed_since_;  // the first change that was not read yet
  TaskScope tasks_;
};

}  // namespace tidemill::files
