// Dispatcher: brings the jobs of many queues together with those who fetch them, in memory.
//
// What is pushed here is committed already. A job goes to the fetcher that waits longest for its queue, at
// once and without a look at the store; when none waits it stays in the queue. A fetcher that waits costs one
// small node for each queue that it names. Loop thread only; nothing here waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "jobs/queue/fifo_list.h"
#include "jobs/queue/ready.h"

namespace tidemill::queue {

// A queue of one dispatcher.
using QueueId = Strong<std::uint32_t, struct QueueIdTag>;

class Fetcher;

// One queue that a fetcher waits for.
struct WaitNode : FifoLink {
  Fetcher* fetcher = nullptr;
};

// Somebody who fetches; derive. Destroying it ends its waiting.
class Fetcher {
 public:
  Fetcher() = default;
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;
  virtual ~Fetcher() = default;

  // The waiting is over. Called from within the dispatcher: it may wait again, but not push.
  virtual void OnJob(QueueId queue, Entry entry) = 0;

  bool waiting() const { return waits_ != nullptr; }
  void StopWaiting() { waits_.reset(); }

 private:
  friend class Dispatcher;

  std::unique_ptr<WaitNode[]> waits_;
};

class Dispatcher {
 public:
  struct Options {
    std::size_t text_bytes_max = kTextBytesMax;  // of each queue
    std::size_t queues_max = 100'000;            // a client may name any
  };

  Dispatcher() : Dispatcher(Options()) {}
  explicit Dispatcher(Options options) : options_(options) {}
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // The queue of that name, which is made if there is none, and stays until Close. kLimitExceeded: there are
  // queues_max.
  Result<QueueId> Open(std::string_view name);
  bool IsFull() const { return free_.empty() && queues_.size() == options_.queues_max; }
  // It has no jobs, and nobody waits for it: its id may become another queue's.
  void Close(QueueId queue);
  bool IsOpen(QueueId queue) const { return !At(queue).name.empty(); }
  std::size_t open() const { return by_name_.size(); }
  // nullopt: nobody has opened a queue of that name.
  std::optional<QueueId> Find(std::string_view name) const;
  std::string_view Name(QueueId queue) const { return At(queue).name; }
  const Ready& Jobs(QueueId queue) const { return At(queue).ready; }

  void Push(QueueId queue, Entry entry, int priority);

  struct Taken {
    QueueId queue;
    Entry entry;
  };
  // A job of the first of `queues` that has one and is not paused.
  std::optional<Taken> Fetch(std::span<const QueueId> queues);
  // OnJob comes with the first job that any of `queues` gets. Call it when Fetch found none.
  void Wait(Fetcher& fetcher, std::span<const QueueId> queues);

  // A paused queue takes jobs and gives none.
  void Pause(QueueId queue) { At(queue).paused = true; }
  // Call Pump afterwards.
  void Resume(QueueId queue) { At(queue).paused = false; }
  bool paused(QueueId queue) const { return At(queue).paused; }
  // Gives up to `count` jobs of the queue to those who wait for it; says whether both are left.
  bool Pump(QueueId queue, std::size_t count);

  // To fill in texts, to put back what was fetched (Pump then) and to empty a queue.
  Ready& MutableJobs(QueueId queue) { return At(queue).ready; }

 private:
  struct Queue {
    Queue(std::string_view of, std::size_t text_bytes_max) : name(of), ready(text_bytes_max) {}
    std::string name;
    Ready ready;
    FifoList<WaitNode> waiting;
    bool paused = false;
  };
  Queue& At(QueueId queue) { return *queues_[queue.value()]; }
  const Queue& At(QueueId queue) const { return *queues_[queue.value()]; }
  // Who waits longest, and waits no more; null when nobody may have a job.
  static Fetcher* TakeFetcher(Queue& queue);

  Options options_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::vector<QueueId> free_;                              // closed
  std::unordered_map<std::string_view, QueueId> by_name_;  // views of the queues' names
};

}  // namespace tidemill::queue
