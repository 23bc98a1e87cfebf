#include "jobs/engine/memory_bulk.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jobs/engine/refill.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kCopiedAtOnce = 32;  // with their texts

struct Visit {
  const Place place;
  const JobFilter filter;
  const std::function<void(Located)> act;
};

bool Admits(const JobFilter& filter, const StoredJob& job) {
  return (filter.queue.empty() || job.queue == filter.queue) &&
         (filter.type.empty() || job.type == filter.type) && (filter.jid.empty() || job.jid == filter.jid) &&
         job.text.contains(filter.contains);
}

// `text`: of a job that waits in the queue, or later with `item`.
void VisitOne(Core& core, const Visit& visit, queue::QueueId queue, JobId id, std::string text,
              const LaterItem* item) {
  if (!IsInMemory(id) || core.removed.contains(id.value())) return;
  const auto job = job::ParseJob(text, core.Now(), kStoredTextBytesMax);
  if (!job) return;  // whoever takes it buries it
  Located located{.job = {.id = id,
                          .jid = job->jid,
                          .queue = std::string(core.dispatcher.Name(queue)),
                          .type = job->type,
                          .priority = job->priority,
                          .text = std::move(text)},
                  .queue = queue,
                  .place = visit.place,
                  .at = core.Now()};
  if (item != nullptr) {
    located.wait = item->wait;
    located.at = item->run_at;
    if (visit.filter.wait && located.wait != *visit.filter.wait) return;
  }
  if (Admits(visit.filter, located.job)) visit.act(std::move(located));
}

Result<> Same(const Core& core, std::uint64_t tenure) {
  if (tenure == core.tenure) return {};
  return Fail(Errc::kNotAvailable, "the jobs have moved");
}

Task<Result<>> VisitQueue(Core& core, const Visit& visit, queue::QueueId queue) {
  const std::uint64_t tenure = core.tenure;
  const QueuePin pin(core, queue);
  queue::Ready::Walk walk;
  while (true) {
    std::vector<queue::Entry> some = core.dispatcher.Jobs(queue).Some(walk, kCopiedAtOnce);
    if (some.empty()) co_return Result<>();
    for (queue::Entry& entry : some) VisitOne(core, visit, queue, entry.id, std::move(entry.text), nullptr);
    if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
    TM_CO_TRY(Same(core, tenure));
  }
}

// What is said of a job that is in no queue's line: it is for later, or parked for its key or its jid.
void VisitElsewhere(Core& core, const Visit& visit, const std::string& jid, const InMemory& in_memory) {
  const JobId id = in_memory.id;
  const LaterItem* const item = core.later.Find(id);
  if ((item != nullptr) != (visit.place == Place::kLater)) return;
  if (item != nullptr) return VisitOne(core, visit, in_memory.queue, id, item->text, item);
  const Limiter* const limiter = core.limits.Find(in_memory.queue);
  if (const ParkedJob* const parked = limiter == nullptr ? nullptr : limiter->FindParked(id)) {
    return VisitOne(core, visit, in_memory.queue, id, parked->entry.text, nullptr);
  }
  for (auto [at, end] = core.parked.equal_range(jid); at != end; ++at) {
    if (at->second.entry.id != id) continue;
    return VisitOne(core, visit, in_memory.queue, id, at->second.entry.text, nullptr);
  }
}

// The jids of up to a turn's share, from a bucket on; nullopt: that was all, or the table has grown.
std::optional<std::vector<std::string>> SomeJids(const Core& core, std::size_t& bucket, std::size_t buckets) {
  if (bucket >= buckets || core.in_memory.bucket_count() != buckets) return std::nullopt;
  std::vector<std::string> jids;
  for (; bucket < buckets && jids.size() < kCopiedAtOnce; ++bucket) {
    for (auto at = core.in_memory.begin(bucket); at != core.in_memory.end(bucket); ++at) {
      jids.push_back(at->first);
    }
    if (core.loop.ShareSpent()) break;
  }
  return jids;
}

Task<Result<>> VisitOthers(Core& core, const Visit& visit) {
  const std::uint64_t tenure = core.tenure;
  std::size_t buckets = 0;
  while (buckets !=
         core.in_memory.bucket_count()) {  // what was visited twice is not there any more, or again
    buckets = core.in_memory.bucket_count();
    std::size_t bucket = 0;
    while (const auto jids = SomeJids(core, bucket, buckets)) {
      for (const std::string& jid : *jids) {
        const auto found = core.in_memory.find(jid);
        if (found != core.in_memory.end()) VisitElsewhere(core, visit, jid, InMemory(found->second));
      }
      if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
      TM_CO_TRY(Same(core, tenure));
    }
  }
  co_return Result<>();
}

}  // namespace

Task<Result<>> VisitMemory(Core& core, Place place, JobFilter filter, std::function<void(Located)> act) {
  if (place == Place::kDead || core.in_memory.empty()) co_return Result<>();
  const Visit visit{.place = place, .filter = std::move(filter), .act = std::move(act)};
  for (std::uint32_t i = 0; place == Place::kReady && i < core.queues.size(); ++i) {
    const queue::QueueId queue(i);
    const bool is_meant =
        core.queues[i].settings.durability == Durability::kMemory && core.dispatcher.Jobs(queue).size() > 0;
    if (is_meant) TM_CO_TRY(co_await VisitQueue(core, visit, queue));
  }
  co_return co_await VisitOthers(core, visit);
}

}  // namespace tidemill::jobs
