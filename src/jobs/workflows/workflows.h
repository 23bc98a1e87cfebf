// Workflows: which jobs wait, and for what: other jobs, signals, their turn in a sequence; and when they may
// run.
//
// A job that has custom.depends_on, signals, sequence_key or workflow is a node here from its push on; one of
// a workflow until some time after its end, so that its end can be waited for even when it came first. A
// state machine: it is told what becomes of jobs and gives, in slices, those that may run (TakeReady, then
// Release when their text is at hand) and those to be cancelled. What it changes goes into the flush of what
// caused it; after a start it is worked out again from the records who may run, so that each is released
// exactly once.
//
// No call does more than its argument says. One thread; no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/job/job.h"
#include "jobs/job/value.h"
#include "jobs/queue/fifo_list.h"
#include "jobs/workflows/node.h"
#include "jobs/workflows/signals.h"

namespace tidemill::jobs {

enum class NodeEnd : std::uint8_t {
  kDone,
  kDead,
  kGone,
};

// A node, and what it still waits for.
struct NodeView {
  Node node;
  std::vector<std::string> missing_jobs;
  std::vector<std::string> missing_signals;
  std::string behind;  // the job of its sequence whose turn it is; empty: itself, or it has none
};

struct SequenceView {
  std::string key;
  std::size_t length = 0;
  std::string head;  // the jid of the job whose turn it is
  NodeState head_state = NodeState::kOpen;
  bool is_halted = false;  // its head is dead: run it again, or Skip
};

class Workflows {
 public:
  struct Options {
    std::size_t nodes_max = 500'000;
    std::size_t signals_max = 100'000;
    std::size_t result_bytes_max =
        job::kValueBytesMax;                        // of one job or signal; a longer result is not handed on
    std::size_t all_results_bytes_max = 256 << 20;  // further ones are not handed on either
    std::size_t inputs_bytes_max = 1 << 20;         // that one job is handed: what is beyond it is null
    Duration ended_for = Hours(24);                 // that the end of a workflow's job is remembered
    Duration dead_for = Hours(24 * 180);
    Duration signal_for = Hours(24 * 7);  // and as long as a job that waits names it
  };
  struct Output {
    std::vector<Record> records;
    std::vector<RecordKey> deletes;
  };
  struct Ready {
    std::string jid;
    JobId id;
    std::string timed_out;  // of TakeCancelled: the signal that has not come in time; empty: another cause
  };
  // What a released job is given: JSON values for its custom; empty: none of that kind.
  struct Inputs {
    std::string results;    // {"JID or NAME": result, …} of the jobs it depended on
    std::string signals;    // {"NAME": payload, …}
    std::string failed;     // ["JID or NAME", …]: those that did not succeed (on_failure "run")
    std::string timed_out;  // ["NAME", …]: signals that have not come in time (on_timeout "continue")
  };

  Workflows() : Workflows(Options()) {}
  explicit Workflows(Options options);
  ~Workflows();
  Workflows(const Workflows&) = delete;
  Workflows& operator=(const Workflows&) = delete;

  std::size_t size() const { return nodes_.size(); }

  // --- Jobs come and end
  // Whether Add would take it. kNotFound: a dependency that is not known, by its name; kAlreadyExists: a node
  // of that jid has not ended; kLimitExceeded names the limit.
  Result<> Check(const job::Job& job);
  // Forgets ends, the oldest first, for so many more nodes. False: there is no room for them.
  bool MakeRoom(std::size_t count);
  // Whether the pushed job is a node, and waits. Fails as Check does.
  enum class Added : std::uint8_t { kNoNode, kOpen, kBlocked };
  Result<Added> Add(const job::Job& job, JobId id, WallTime now);
  // Its push was not kept. False: the job is no node, though another one of that jid may be.
  bool Drop(std::string_view jid, JobId id, WallTime now);
  // Jobs that are no nodes count for nothing.
  void End(std::string_view jid, NodeEnd end, std::string_view result, WallTime now);
  // A dead one is queued again.
  void Revive(std::string_view jid, WallTime now);
  // Satisfies whoever waits for it now or later; the last payload counts. For those who wait when it comes it
  // stays, however long they wait for something else. kInvalidArgument, kLimitExceeded.
  Result<> Signal(std::string_view name, std::string payload, WallTime now);
  // A blocked job is to run whatever it waits for. False: it is not blocked.
  bool Force(std::string_view jid);
  // The dead job at the head of a sequence is passed over. kNotFound: no such sequence; kInvalidArgument: its
  // head is not dead.
  Result<> Skip(std::string_view sequence, WallTime now);
  // Forgets up to `count` ends and signals whose time is over, and lets jobs go on that have waited for
  // signals for as long as they may. Whether there may be more.
  bool Expire(WallTime now, std::size_t count);
  // When the next job has waited long enough for its signals.
  std::optional<WallTime> next_timeout() const;
  // Gives what was in it, to be destroyed on any thread: of many nodes that takes longer than a turn may.
  [[nodiscard]] std::shared_ptr<void> Clear();

  // --- Who may run
  // Tells up to `count` waiting jobs of what has happened. Whether more are to be told.
  bool Advance(std::size_t count, WallTime now);
  std::vector<Ready> TakeReady(std::size_t count);
  // Those that never run: they are cancelled, or dead if they have timed out.
  std::vector<Ready> TakeCancelled(std::size_t count);
  bool has_work() const { return !tells_.empty() || !ready_.empty() || !cancelled_.empty(); }
  // The job is queued in this flush. nullopt: it has ended meanwhile.
  std::optional<Inputs> Release(std::string_view jid, WallTime now);
  // It could not be loaded: it is given again.
  void Return(std::string_view jid);

  // When a flush begins: what changed since the last call; it may be tried again, but not be given up.
  Output Gather();

  // --- At a start: all records, then Recover until it says that nothing is left. kInvalidArgument: it is
  // none of ours.
  Result<> Load(const Record& record);
  bool Recover(std::size_t count);

  // --- Looking
  std::optional<NodeView> Find(std::string_view jid) const;
  // How many Recover found blocked.
  const std::map<std::string, std::uint64_t>& blocked_by_queue() const { return blocked_by_queue_; }
  // Its nodes, in the order in which they were pushed; empty: no such workflow.
  std::vector<NodeView> Workflow(std::string_view id, std::size_t count) const;
  std::vector<SequenceView> Sequences(std::string_view after, std::size_t count) const;

 private:
  struct Entry;
  using Sequence = std::map<JobId, Entry*>;      // the first one has its turn
  using Waiters = std::map<JobId, std::string>;  // jids; some may have ended, or be gone
  // Something has happened, and others are to be told.
  struct Tell {
    std::string jid;       // of the job whose dependents are told; empty: a signal has come
    std::size_t told = 0;  // of them
    Waiters waiters;       // who waited for the signal, and is not told yet
  };

  Entry* FindEntry(std::string_view jid) const;
  // Whether the job it depends on holds it up, and how.
  bool IsMet(const Entry& entry, const std::string& dependency) const;
  bool MustCancel(const Entry& entry) const;
  // The first signal that has not come in time, for whose sake it is dead; empty: none.
  std::string_view TimedOut(const Entry& entry) const;
  bool HasTurn(const Entry& entry) const;
  bool IsFree(const Entry& entry) const;
  void Link(Entry& entry);
  void Unlink(Entry& entry, WallTime now);
  void LeaveSequence(Entry& entry);
  // Puts it where TakeReady or TakeCancelled find it, if that is due.
  void Consider(Entry& entry);
  void SetState(Entry& entry, NodeState state, WallTime now);
  void MarkChanged(Entry& entry);
  void PlaceInList(Entry& entry);
  std::size_t AllBytes() const { return result_bytes_ + signals_.payload_bytes(); }
  void KeepResult(Entry& entry, std::string_view result);
  void RecoverLinks(Entry& entry);
  void LeaveWorkflow(Entry& entry);
  // It has ended and nobody waits for that: remembered for a while in a workflow, else forgotten.
  void Rest(Entry& entry, WallTime now);
  void Forget(Entry& entry);
  Inputs InputsOf(const Entry& entry) const;
  // Tells up to `count`, and takes that from it. Whether all are told.
  bool AdvanceOne(Tell& tell, std::size_t& count);
  NodeView ViewOf(const Entry& entry) const;
  std::vector<Ready> Take(std::deque<std::string>& from, std::size_t count, bool cancelled);

  Options options_;
  std::unordered_map<std::string_view, std::unique_ptr<Entry>> nodes_;  // views of the entries' jids
  std::map<std::string, std::map<JobId, Entry*>, std::less<>> workflows_;
  std::map<std::string, Sequence, std::less<>> sequences_;
  Signals signals_;
  std::map<std::string, Waiters, std::less<>> signal_waiters_;  // by name
  queue::FifoList<Entry> ended_;  // nobody waits for them; the one that ended first comes first
  queue::FifoList<Entry> dead_;
  std::set<std::pair<WallTime, std::string>> timeouts_;  // jids of those that wait no longer than this
  std::size_t result_bytes_ = 0;                         // of jobs

  // Of Recover: it goes through all nodes twice. Nothing comes or goes meanwhile.
  int recovery_pass_ = 0;
  std::size_t recovered_ = 0;
  std::vector<Entry*> loaded_;
  std::map<std::string, std::uint64_t> blocked_by_queue_;

  std::deque<Tell> tells_;
  std::deque<std::string> ready_;      // jids; some may have ended
  std::deque<std::string> cancelled_;  // to be
  std::vector<std::string> changed_;
  std::vector<RecordKey> deleted_;
};

}  // namespace tidemill::jobs
