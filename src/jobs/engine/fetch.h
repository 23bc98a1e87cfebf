// Fetch: how jobs come to workers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jobs/engine/core.h"
#include "jobs/engine/limit_keeper.h"
#include "jobs/queue/dispatcher.h"
#include "net/loop.h"
#include "net/task.h"

namespace tidemill::jobs {

// A fetch that waits, or whose job is being loaded.
struct Waiting final : queue::Fetcher, net::Pollable {
  Waiting(Core& of, FetchRequest& asker, std::string_view name) : core(of), request(&asker), wid(name) {}
  ~Waiting() override;

  void OnJob(queue::QueueId queue, queue::Entry entry) override;
  void OnReady(std::uint32_t) override;  // what it looked through was too much for a turn

  static std::unique_ptr<Waiting>& Of(FetchRequest& request) { return request.waiting_; }

  Core& core;
  FetchRequest* request;
  std::string wid;
  std::vector<queue::QueueId> queues;
  std::vector<std::unique_ptr<Throttled>> throttled;  // in queues that are left out
  bool is_counted = false;                            // among the waiting of its queues
  std::shared_ptr<Waiting*> loading;  // with the task that loads its job; null for it: nobody asks any more
};

Result<> Fetch(Core& core, FetchRequest& request, std::string_view wid, std::span<const std::string> queues);

// For a job that somebody is to have from now on: what it says, and the time.
std::unique_ptr<Held> MakeHeld(Core& core, const job::Job& job, queue::QueueId queue, queue::Entry entry);

// Whether nobody is to get what was just taken out of the queue: it was cancelled, or is somewhere else by
// now. That is done with it.
bool TakeRemoved(Core& core, queue::QueueId queue, JobId id);

// Gives the queue's jobs to those who wait for it, in slices: after a time in which none was given.
Task<void> Pump(Core& core, queue::QueueId queue);

// Back to the front of its queue, and on to who waits in the next turn: what was taken, and is not to be
// begun now.
void Release(Core& core, queue::QueueId queue, queue::Entry entry, int priority);
// A job of that jid is no longer reserved, or has ended without having been: the next one that waited for it
// may go.
void Unpark(Core& core, std::string_view jid);

}  // namespace tidemill::jobs
