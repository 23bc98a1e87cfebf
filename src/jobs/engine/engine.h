// Engine: the life of jobs: from a push through a reservation to the end, kept in a store.
//
// The whole state that decides anything is in memory; a store is written behind it, in flushes. What is asked
// for is done in memory at once and goes into the flush that is being gathered; when that is committed, those
// who wait for it are told. While one flush is under way the next is gathered, so its size adapts to the load
// and nothing waits for a timer. A push can be fetched once it is committed. What a flush that failed had to
// push is dropped, and those who wait are told the error; everything else goes into the next flush.
//
// One node at a time owns the jobs of a store (a lease); on the others every call fails with kNotAvailable,
// and the detail says who does. Thread: its loop. Nothing here blocks, and no call does more than a turn's
// share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/batches/batches.h"
#include "jobs/engine/commit_waiter.h"
#include "jobs/engine/options.h"
#include "jobs/engine/track.h"
#include "jobs/engine/workers.h"
#include "jobs/job/failure.h"
#include "jobs/job/job.h"
#include "jobs/limits/limiter.h"
#include "jobs/store/store.h"
#include "jobs/workflows/definition.h"
#include "jobs/workflows/workflows.h"
#include "net/loop.h"
#include "net/task.h"

namespace tidemill::jobs {

class BatchKeeper;
class WorkflowKeeper;
class JobListener;  // jobs/engine/changes.h

// A job that a worker has now.
struct Reserved {
  std::string_view jid;
  std::string_view queue;
  std::string_view type;
  std::string_view text;  // what the worker gets: the job with its checkpoint, if it has left one
  int attempt = 1;        // 1: the first
  WallTime until;
};

struct Core;
struct Waiting;
class EnginePlugin;

// Somebody who asks for a job. Derive; destroying it, or CancelFetch, ends the asking: a job that was on its
// way to it goes back to the front of its queue. It ends before the engine.
class FetchRequest {
 public:
  FetchRequest();
  FetchRequest(const FetchRequest&) = delete;
  FetchRequest& operator=(const FetchRequest&) = delete;
  virtual ~FetchRequest();

  // Once for each Engine::Fetch, perhaps from within it. What it refers to holds until the call returns; the
  // job is not ended from within it.
  virtual void OnJob(const Reserved& job) = 0;

 private:
  friend struct Waiting;
  std::unique_ptr<Waiting> waiting_;  // null: it does not ask
};

struct JobView {
  StoredJob job;  // with no text when only its end is known
  JobState state = JobState::kUnknown;
  std::optional<WallTime> at;  // when it is due, was reserved, died or ended
  std::optional<WallTime> reserved_until;
  std::string wid;  // who has it
  WallTime updated_at;
  Track track;
  std::string result;  // JSON; empty: none
};

struct QueueView {
  std::string name;
  std::uint64_t ready = 0;
  std::uint64_t working = 0;
  std::uint64_t later = 0;
  std::uint64_t waiting_fetches = 0;
  std::optional<WallTime> oldest;  // when the job that is next was enqueued
  bool paused = false;
};

struct Counts {
  std::uint64_t scheduled = 0;  // kScheduled and kBlocked
  std::uint64_t retries = 0;
  std::uint64_t dead = 0;
  std::uint64_t working = 0;
  std::uint64_t enqueued = 0;   // in all queues
  std::uint64_t processed = 0;  // since the store was made: acknowledged and failed
  std::uint64_t failures = 0;
  std::uint64_t workers = 0;
};

// What to do with many jobs at once, in slices: MUTATE, redrive, bulk actions of the API.
struct BulkAction {
  enum class Action : std::uint8_t { kDiscard, kKill, kRequeue } action = Action::kDiscard;
  Place place = Place::kDead;
  std::optional<Wait> wait;       // of kLater: which
  std::vector<std::string> jids;  // not empty: these, and nothing else counts
  JobFilter filter;
  std::function<bool(std::string_view text)> matches;  // null: all; the glob of MUTATE
};

struct LimitsView {
  QueueLimits limits;
  bool is_configured = false;
  std::int64_t running = 0;  // units: a job counts as its weight says
  std::size_t parked = 0;    // jobs that wait for their keys
  std::vector<Limiter::KeyView> blocked_keys;
};

// Follows whose the jobs are: Engine::problem and Engine::owner say it. Loop thread only.
class TenureListener {
 public:
  // This node serves from now on, or does no more, or another one was seen to have the jobs.
  virtual void OnTenureChanged() = 0;

 protected:
  ~TenureListener() = default;
};

class Engine {
 public:
  using Options = EngineOptions;
  Engine(net::Loop& loop, Store& store, Options options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  net::Loop& loop() { return loop_; }
  // Before Start. Each outlives the engine. Without a listener a change costs one comparison.
  void AddListener(JobListener& listener);
  void AddPlugin(EnginePlugin& plugin);
  void AddTenureListener(TenureListener& listener);
  // Before Start: where other nodes reach this one, host:port, for the store to tell them. Empty: nowhere.
  void Advertise(std::string address);
  // Acquires the lease, reads the state back, and serves. Until then every call gives kNotAvailable.
  void Start();
  // Gives what it can back, flushes, releases the lease. Call it, then stop the loop.
  Task<void> Stop();
  // Any thread: why it serves nothing now; nullopt: it does.
  std::optional<std::string> problem() const;
  // Who owns the jobs, when that is another node.
  std::optional<Owner> owner() const;

  // --- What was done before is committed, or why it is not. In a queue that is relaxed or lives in memory
  // that is not waited for.
  void WaitForCommit(CommitWaiter& waiter);
  Task<Result<>> Committed();

  // --- Producers. WaitForCommit follows. kAlreadyExists: not unique (the detail: the jid of the other).
  // kLimitExceeded: the queue is full, or there are too many; the detail names the setting.
  Result<> Push(job::Job job);

  // --- Batches (Faktory's BATCH). WaitForCommit follows the first three. kNotFound: "No such batch BID".
  // Gives the id. kInvalidArgument, kAlreadyExists (a callback's jid), kLimitExceeded.
  Result<std::string> NewBatch(BatchDefinition definition);
  Result<> OpenBatch(std::string_view bid);
  Result<> CommitBatch(std::string_view bid);
  Result<Batch> FindBatch(std::string_view bid) const;
  // In the order of ids, behind `after`.
  std::vector<Batch> ListBatches(std::string_view after, std::size_t count) const;

  // --- Jobs that wait for others (custom.depends_on, signals, sequence_key, workflow).
  // Pushes all jobs of a workflow, or none; each depends on those that it names. Gives its id. WaitForCommit
  // follows. kInvalidArgument: a name that is there twice, is not there, or a circle, which is spelled out.
  Result<std::string> PushWorkflow(WorkflowDefinition definition);
  // Whoever waits for the name, now or within seven days, goes on. `payload` is JSON, or empty. WaitForCommit
  // follows. kInvalidArgument, kLimitExceeded.
  Result<> SendSignal(std::string_view name, std::string payload);
  // The dead job at the head of a sequence is passed over; Retry runs it again in its place. WaitForCommit
  // follows. kNotFound, kInvalidArgument: it is not halted.
  Result<> SkipInSequence(std::string_view key);
  // What a job waits for; nullopt: it does not take part in any of this.
  std::optional<NodeView> FindNode(std::string_view jid) const;
  std::vector<NodeView> Workflow(std::string_view id, std::size_t count) const;
  std::vector<SequenceView> Sequences(std::string_view after, std::size_t count) const;

  // --- Limits of a queue, at run time, and after a start. WaitForCommit follows. kInvalidArgument;
  // kPermissionDenied: they are of the configuration, where alone they can be changed.
  Result<> SetLimits(std::string_view queue, QueueLimits limits);
  Result<> ResetLimits(std::string_view queue);
  // A reload: those of the configuration from now on, by queue.
  void ConfigureLimits(std::map<std::string, QueueLimits, std::less<>> limits);
  // What holds a queue's jobs back; nullopt: it has no limits.
  std::optional<LimitsView> Limits(std::string_view queue, std::size_t keys) const;

  // --- Workers
  // kNotFound never: a wid that beats for the first time is made known. kLimitExceeded: too many workers.
  Result<> AddWorker(WorkerInfo info);
  void WorkerConnected(std::string_view wid);
  void WorkerDisconnected(std::string_view wid);
  // kNotFound: no such worker. What it is to become. Negative `rss_kb`: it does not say.
  Result<WorkerState> Beat(std::string_view wid, std::int64_t rss_kb, std::optional<WorkerState> says);
  // "" is every worker. How many.
  std::size_t Signal(std::string_view wid, WorkerState state);

  // The first of `queues` that has a job gives it, else the first that gets one. A worker that is quiet gets
  // none.
  Result<> Fetch(FetchRequest& request, std::string_view wid, std::span<const std::string> queues);
  void CancelFetch(FetchRequest& request);

  // WaitForCommit follows. kNotFound: nobody has such a job. `result` is JSON, or empty; kInvalidArgument,
  // kLimitExceeded: it is not taken, and the job is still reserved.
  Result<> Ack(std::string_view jid, std::string result);
  Result<> Fail(std::string_view jid, job::ErrorReport error);
  // Whether the worker has that job now.
  bool Has(std::string_view wid, std::string_view jid) const;
  // Whether an Ack that has succeeded is answered without WaitForCommit (EngineOptions::acks): not while
  // flushes fail, or more waits to be written than pushes may add to.
  bool answers_acks_at_once() const;
  // Whether nobody has the job, but a worker may have been given it shortly before the last start, too late
  // for the store to know. The end of its attempt counts then with these, which are done when that is
  // committed. kNotFound: it has ended, or is somewhere else by now.
  bool MayBeOrphan(std::string_view jid) const;
  Task<Result<>> AckOrphan(std::string jid, std::string result);
  Task<Result<>> FailOrphan(std::string jid, job::ErrorReport error);
  // Back to the front of its queue; no failure is counted.
  Result<> GiveBack(std::string_view jid);
  // kCancelled: somebody wants it to end; nothing is taken over.
  Result<> SetTrack(std::string_view jid, Track track);
  // The same for a job that is done, failed for good or cancelled; done when it is committed. kNotFound:
  // nothing is kept of it.
  Task<Result<>> SetEndedTrack(std::string jid, Track track);

  // --- Looking
  Task<Result<JobView>> Find(std::string jid);
  Task<Result<JobPage>> List(PageRequest request);
  std::vector<JobView> Working(std::size_t from, std::size_t count) const;
  std::vector<QueueView> Queues() const;
  std::optional<QueueView> FindQueue(std::string_view name) const;
  std::vector<WorkerView> Workers() const;
  Counts counts() const;

  // --- Acting. WaitForCommit follows those that give no task.
  Task<Result<JobState>> Cancel(std::string jid);  // what it was in
  Task<Result<>> Retry(std::string jid);           // now, from retries, scheduled or dead
  Task<Result<>> Kill(std::string jid);
  Task<Result<std::size_t>> Apply(BulkAction action);
  // Those jobs that workers have are to end, as far as the filter admits them; `jids` not empty: these alone.
  // How many were told so.
  Task<Result<std::size_t>> CancelWorking(std::vector<std::string> jids, JobFilter filter);
  Result<> Pause(std::string_view queue);
  Result<> Resume(std::string_view queue);
  Task<Result<std::size_t>> RemoveQueue(std::string queue);
  Task<Result<>> Clear();

  // --- Schedules: what is pushed again and again. WaitForCommit follows what changes one. kNotFound: there
  // is none of that name; kInvalidArgument says what is accepted.
  // kPermissionDenied: it is of the configuration, where alone it can be changed; kLimitExceeded.
  Result<> SetSchedule(ScheduleSpec spec);
  Result<> RemoveSchedule(std::string_view name);
  // A reload: those of the configuration from now on.
  void ConfigureSchedules(std::vector<ScheduleSpec> specs);
  // When it is resumed, what would have fired meanwhile is left out.
  Result<> PauseSchedule(std::string_view name);
  Result<> ResumeSchedule(std::string_view name);
  Result<std::string> RunSchedule(std::string_view name);  // now; gives the jid
  // In the order of names, behind `after`; each with its next firings.
  std::vector<ScheduleView> Schedules(std::string_view after, std::size_t count,
                                      std::size_t next_count) const;
  std::optional<ScheduleView> FindSchedule(std::string_view name, std::size_t next_count) const;

  // What SQL has enqueued is looked for now, instead of when it is time (EngineOptions::inbox_interval).
  void LookIntoInbox();
  // Whether LookIntoInbox is called when Store::RingForInbox rings, from now on. Then enqueuing by SQL rings
  // while nothing was enqueued for a while, and not when there is always something to be found.
  void HearInbox(bool hears);

 private:
  net::Loop& loop_;
  std::unique_ptr<Core> core_;
  std::unique_ptr<BatchKeeper> batches_;
  std::unique_ptr<WorkflowKeeper> workflows_;
};

}  // namespace tidemill::jobs
