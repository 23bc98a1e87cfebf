// Store: where jobs are kept: what a flush changes, all of it or nothing, and what a start reads back.
//
// One owner writes at a time. It holds a lease with an epoch; a flush of an earlier epoch changes nothing, so
// a node that slept through the end of its lease cannot harm. The owner has the whole state in memory, so a
// flush never asks whether a row is there: it says what becomes of rows that the owner knows.
//
// Every text here is UTF-8 without the character 0, as a database wants it: bytes that are not (a digest) go
// as hexadecimal digits or the like. Ids begin at 1; a record's kind and key are not empty.
//
// Thread: the loop of the database it stands on. A task may be destroyed while it waits, but for Commit,
// which runs to its end (net/run_to_end.h).
//
// jobs/store/testing/store_contract.h is this comment in executable form; every implementation passes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/queue/entry.h"
#include "net/task.h"

namespace tidemill::jobs {

using queue::JobId;

// A job lies in one of three places.
enum class Place : std::uint8_t {
  kReady,  // may run now, or runs
  kLater,  // at a time, or when what it waits for has come
  kDead,   // kept; runs again only when somebody asks
};

// A job as the store has it. A text is written once for a place and never changed there.
struct StoredJob {
  JobId id;
  std::string jid;
  std::string queue;
  std::string type;
  int priority = 5;
  std::string text;  // job::AppendText
  friend bool operator==(const StoredJob&, const StoredJob&) = default;
};

enum class Wait : std::uint8_t {
  kScheduled,
  kRetry,
  kBlocked,  // on other jobs or signals: run_at counts nothing
};

struct LaterJob {
  StoredJob job;
  Wait wait = Wait::kScheduled;
  WallTime run_at;
  friend bool operator==(const LaterJob&, const LaterJob&) = default;
};

struct DeadJob {
  StoredJob job;
  WallTime died_at;
  WallTime expires_at;  // it is dropped then
  friend bool operator==(const DeadJob&, const DeadJob&) = default;
};

// A worker has the job; written for those only that take longer than a moment.
struct Claim {
  JobId id;
  std::string wid;
  WallTime until;
  friend bool operator==(const Claim&, const Claim&) = default;
};

// Whatever else the engine keeps, a value for each key: unique locks, batches, dependencies, schedules,
// states of queues, results. What the value says is the business of who writes it.
struct Record {
  std::string kind;  // "lock", "batch", "cron" …: a literal of the module that owns it
  std::string key;
  std::string value;
  std::optional<WallTime> expires_at;  // Sweep drops it then; nullopt: stays
  friend bool operator==(const Record&, const Record&) = default;
};
struct RecordKey {
  std::string kind;
  std::string key;
  friend bool operator==(const RecordKey&, const RecordKey&) = default;
};

// One transaction. The deletes happen before the inserts: a job that moves is in both. Deleting what is not
// there does nothing; inserting an id that is in that place already, or twice, is a bug of the caller
// (kInternal). A list has each id or key once.
struct Flush {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;  // of the epoch, from 1, without gaps among those that succeeded
  std::vector<JobId> ready_deletes;
  std::vector<JobId> later_deletes;
  std::vector<JobId> dead_deletes;
  std::vector<JobId> claim_deletes;
  std::vector<RecordKey> record_deletes;
  std::vector<std::int64_t> inbox_deletes;
  std::vector<StoredJob> ready;
  std::vector<LaterJob> later;
  std::vector<DeadJob> dead;
  std::vector<Claim> claims;    // replaces the claim of that id
  std::vector<Record> records;  // replaces the record of that kind and key

  bool empty() const;
  friend bool operator==(const Flush&, const Flush&) = default;
};

struct Lease {
  std::uint64_t epoch = 0;
  std::uint64_t flush = 0;  // the last flush of the epoch that was kept
};
struct LeaseRequest {
  std::string node;     // who asks; the same in each renewal
  std::string address;  // where the other nodes reach it: stored for them
  Duration ttl = Seconds(10);
};
struct Owner {
  std::string node;
  std::string address;
  std::uint64_t epoch = 0;
  friend bool operator==(const Owner&, const Owner&) = default;
};

// What was enqueued by SQL, inside somebody's own transaction, and is committed.
struct InboxJob {
  std::int64_t id = 0;
  std::string text;  // a job as a producer writes it; not checked
};

// Which jobs of a place. Texts that are empty count for nothing.
struct JobFilter {
  std::string queue;
  std::string type;
  std::string jid;
  std::string contains;      // a piece of the job's text, byte for byte
  std::optional<Wait> wait;  // of Place::kLater
};
struct JobPage {
  struct Item {
    StoredJob job;
    Wait wait = Wait::kScheduled;  // kLater
    WallTime at;                   // kLater: run_at; kDead: died_at
  };
  std::vector<Item> items;
  std::string next;  // the cursor of the next page; empty: there is none
};
struct PageRequest {
  Place place = Place::kReady;
  JobFilter filter;
  std::string cursor;  // empty: from the beginning; else a page's `next`
  // Ten times as many rows are looked through at most: a page may have fewer, and a next.
  std::size_t count = 100;
};

class Store {
 public:
  virtual ~Store() = default;

  // Takes the lease, or goes on with it: a new epoch if somebody else had it last, or on the first call of
  // this object. kPermissionDenied: somebody else holds it now.
  virtual Task<Result<Lease>> Acquire(LeaseRequest request) = 0;
  // Lets it go, so that another need not wait for its end.
  virtual Task<Result<>> Release(LeaseRequest request) = 0;
  virtual Task<Result<std::optional<Owner>>> FindOwner() = 0;

  // Once it is answered it is kept, and survives a power failure. An error says that nothing was kept, so
  // that the same number may be used again: what the store does not know (a connection lost in the middle) it
  // finds out before it answers, for as long as the lease may last. kPermissionDenied: the epoch is over.
  // kLimitExceeded: no room; kUnavailable, kTimeout: away. What is at fault in the flush, however often it is
  // tried: kInvalidArgument: a text is none; kInternal: an id twice, a text longer than the database takes.
  // One at a time: the next begins when this is answered.
  // The flush is not looked at after the answer: its texts are taken then.
  virtual Task<Result<>> Commit(std::shared_ptr<const Flush> flush) = 0;

  // The largest id that any job has; 0: none.
  virtual Task<Result<JobId>> LastId() = 0;
  // In the order of ids. `with_text`: how many bytes of texts at most; the rest of the jobs come without.
  virtual Task<Result<std::vector<StoredJob>>> LoadReady(JobId after, std::size_t count,
                                                         std::size_t text_bytes_max) = 0;
  // In the order of (run_at, id), behind `after`; not those that are kBlocked.
  struct LaterPosition {
    WallTime run_at;
    JobId id;
  };
  struct LaterEntry {
    JobId id;
    WallTime run_at;
    Wait wait = Wait::kScheduled;
    std::string jid;
    std::string queue;
  };
  virtual Task<Result<std::vector<LaterEntry>>> LoadLater(LaterPosition after, std::size_t count) = 0;
  virtual Task<Result<std::vector<Claim>>> LoadClaims(JobId after, std::size_t count) = 0;
  // In the order of keys, behind `after`. Fewer than `count` may come when they are long; none: there are
  // none.
  virtual Task<Result<std::vector<Record>>> LoadRecords(std::string kind, std::string after,
                                                        std::size_t count) = 0;
  virtual Task<Result<std::optional<Record>>> FindRecord(RecordKey key) = 0;

  // The whole jobs of those ids that are in `place`, in any order.
  virtual Task<Result<std::vector<JobPage::Item>>> Load(Place place, std::vector<JobId> ids) = 0;
  // Ready jobs in the order of ids, later ones of (run_at, id), dead ones with the newest first. Jobs that
  // come and go between two pages move no others. kInvalidArgument: the cursor is none.
  virtual Task<Result<JobPage>> List(PageRequest request) = 0;
  virtual Task<Result<std::uint64_t>> Count(Place place) = 0;

  // The oldest that were enqueued by SQL; a flush whose inbox_deletes name them takes them out. Fewer than
  // `count` may come when they are long; none: there are none. Their texts are not checked: what is no job is
  // for the engine to put aside, or it would come for ever.
  virtual Task<Result<std::vector<InboxJob>>> LoadInbox(std::size_t count) = 0;

  // Whether enqueuing by SQL rings: Postgres' NOTIFY on the channel "tidemill_jobs", whose payload is the
  // schema. Who does not look into the inbox all the time wants that; it may miss one that was under way
  // meanwhile, so it looks now and then. Behind a pooler of transactions nobody hears it. SQLite: does
  // nothing.
  virtual Task<Result<>> RingForInbox(bool rings) = 0;

  // Drops up to `count` of dead jobs and records whose time is over, and says how many.
  virtual Task<Result<std::size_t>> Sweep(WallTime now, std::size_t count) = 0;
  // Everything but the lease and records of kind "cron" and "queue". For Faktory's FLUSH.
  virtual Task<Result<>> Clear(std::uint64_t epoch) = 0;
};

}  // namespace tidemill::jobs
