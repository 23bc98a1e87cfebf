// WorkerWatch: which connections belong to which worker, and closes them when it sends no BEAT any more: a
// machine that is gone without a word leaves them open, and its jobs with it.
//
// A worker costs one timer, however many connections it has. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "net/loop.h"

namespace tidemill::faktory {

// Faktory's time; clients beat every 5 to 60 s.
inline constexpr Duration kBeatMax = Seconds(60);

class WatchedConnection : public ListLink<WatchedConnection> {
 public:
  // It is closed, and must remove itself.
  virtual void OnWorkerSilent() = 0;

 protected:
  ~WatchedConnection() = default;
};

class WorkerWatch {
 public:
  explicit WorkerWatch(net::Loop& loop, Duration beat_max = kBeatMax);
  ~WorkerWatch();
  WorkerWatch(const WorkerWatch&) = delete;
  WorkerWatch& operator=(const WorkerWatch&) = delete;

  // The first one of a worker counts as a BEAT.
  void Add(std::string_view wid, WatchedConnection& connection);
  void Remove(std::string_view wid, WatchedConnection& connection);
  void OnBeat(std::string_view wid);

 private:
  struct Worker;

  net::Loop& loop_;
  const Duration beat_max_;
  std::map<std::string, std::unique_ptr<Worker>, std::less<>> workers_;
};

}  // namespace tidemill::faktory
