// Batches: which jobs belong together, and when their callbacks are due (Faktory's BATCH).
//
// A state machine: it is told what becomes of jobs, and gives the callbacks that are due (TakeDue) and the
// records that changed (Gather). Both go into the flush of what caused them, and into the next one if that
// fails: so a callback is in the store exactly when the record says so, and comes exactly once over any
// crash. What clients ask for (New, Open, Commit, Join) is confirmed when its flush is kept, and undone when
// it is not.
//
// No call does more than its argument says, but for what an event means to the batches above, of which there
// are depth_max. One thread; no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/batches/batch.h"
#include "jobs/job/job.h"
#include "jobs/queue/fifo_list.h"

namespace tidemill::jobs {

// How one of the batch's jobs counts.
enum class Standing : std::uint8_t {
  kPending,    // has not run to an end
  kFailed,     // has failed and waits for its retry, or is dead, or is gone without having succeeded
  kSucceeded,  // acknowledged
};

enum class CallbackEnd : std::uint8_t {
  kSucceeded,
  kGivenUp,  // dead, discarded, cancelled, expired
};

struct BatchDefinition {
  std::string description;
  std::string parent;                // a batch's id; empty: none
  std::optional<job::Job> complete;  // one of the two at least
  std::optional<job::Job> success;
};

class Batches {
 public:
  struct Options {
    std::size_t batches_max = 100'000;
    std::size_t callback_bytes_max = 64 << 10;        // of one callback
    std::size_t all_callbacks_bytes_max = 256 << 20;  // of those that are still to come
    int depth_max = 100;
    Duration uncommitted = Minutes(30);  // from the last change until the first COMMIT
    Duration unfinished = Hours(30 * 24);
    Duration finished = Hours(24);
  };
  struct Output {
    std::vector<Record> records;
    std::vector<RecordKey> deletes;
  };
  // What a client asked for, until its flush is kept.
  struct Asked {
    enum class What : std::uint8_t { kNew, kOpen, kCommit } what = What::kNew;
    std::string bid;
    std::uint64_t number = 0;
  };

  Batches() : Batches(Options()) {}
  explicit Batches(Options options);
  ~Batches();
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;

  std::size_t size() const { return batches_.size(); }

  // --- What clients ask for: each is to be confirmed or undone. kNotFound: "No such batch BID".
  // kInvalidArgument: no callback; kAlreadyExists: its jid is that of another; kLimitExceeded names the
  // limit.
  Result<Asked> New(std::string bid, BatchDefinition definition, WallTime now);
  // No callback comes until the next Commit.
  Result<Asked> Open(std::string_view bid, WallTime now);
  // Callbacks come once it is confirmed.
  Result<Asked> Commit(std::string_view bid, WallTime now);
  void Confirm(const Asked& asked, WallTime now);
  void Undo(const Asked& asked, WallTime now);
  // Before Undo of a kOpen or kCommit: the batch's record, which Gather has given since it was asked for, as
  // it would be without that. nullopt: the batch is gone.
  std::optional<Record> RecordWithout(const Asked& asked, const Record& record) const;
  Result<> CheckJoin(std::string_view bid) const;
  // A job whose custom.bid says so. It may join whenever the batch is there, also after a callback has been
  // enqueued; no callback comes twice for that.
  Result<> Join(std::string_view bid, WallTime now);
  // Its push was not kept.
  void UndoJoin(std::string_view bid, WallTime now);

  // --- What happens. A batch that is not there (any more) counts for nothing.
  void Move(std::string_view bid, Standing from, Standing to, WallTime now);
  // A job that is no callback counts for nothing. It is known by its jid: custom._bid is what a client may
  // write, too.
  void EndCallback(std::string_view jid, CallbackEnd end, WallTime now);
  // Forgets up to `count` batches whose time is over. Whether there may be more.
  bool Expire(WallTime now, std::size_t count);
  // FLUSH. Gives what was in it, to be destroyed on any thread: of many that takes longer than a turn may.
  [[nodiscard]] std::shared_ptr<void> Clear();

  // --- Flushes. After each call above: the callbacks that are due now, to be pushed in the same flush.
  std::vector<job::Job> TakeDue(WallTime now);
  // When a flush begins: what changed since the last call.
  Output Gather();

  // --- At a start: all batches, then all callbacks, then Recover until it says that nothing is left.
  // kInvalidArgument: it is none of ours.
  Result<> Load(const Record& record);
  bool Recover(WallTime now, std::size_t count);

  // --- Looking
  Result<Batch> Find(std::string_view bid) const;
  // In the order of bids, behind `after`.
  std::vector<Batch> List(std::string_view after, std::size_t count) const;

 private:
  struct Entry;
  using Lists = queue::FifoList<Entry>;
  Entry* FindEntry(std::string_view bid) const;
  // Null too for a stored batch that would be above itself.
  Entry* ParentOf(const Batch& batch) const;
  Result<Entry*> Existing(std::string_view bid) const;
  Result<> Admit(const BatchDefinition& definition, const Entry* parent) const;
  Asked Ask(Asked::What what, Entry& entry, WallTime now);
  void Touch(Entry& entry, WallTime now);
  void MarkChanged(Entry& entry);
  void PlaceInList(Entry& entry);
  Duration Life(const Batch& batch) const;
  void NoteCallbacks(const Entry& entry);
  // Finds callbacks that are due, tells the parents, and theirs.
  void Evaluate(Entry* entry, WallTime now);
  bool EvaluateOne(Entry& entry, Entry* parent);
  // Takes it out, as if it had never been its parent's.
  void Forget(Entry& entry, WallTime now);

  Options options_;
  std::map<std::string_view, std::unique_ptr<Entry>> batches_;  // views of the entries' bids
  std::unordered_map<std::string, std::string> callbacks_;      // that have not succeeded: jid to bid
  // By which life is theirs, the one that changed longest ago first.
  Lists uncommitted_;
  Lists unfinished_;
  Lists finished_;
  std::size_t callback_bytes_ = 0;
  std::string recovered_;          // the last bid that Recover has looked at
  std::uint64_t asked_count_ = 0;  // of kOpen and kCommit

  std::vector<std::string> due_;  // batches with a callback that is due
  // Since the last Gather.
  std::vector<std::string> changed_;
  std::vector<RecordKey> deleted_;
};

}  // namespace tidemill::jobs
