// MemoryStore: a Store in memory, for tests of what stands on one, with the faults that a test plants.
//
//   auto tables = std::make_shared<MemoryTables>();
//   MemoryStore store(loop, tables);      // a second one on the same tables is another node, or a restart
//   store.FailCommits(1, {Errc::kLimitExceeded, "disk full"});
//   store.HoldCommits();                  // … store.held_commits() == 1 … store.ReleaseCommits();
//   store.TakeOver("other");              // the next commit is kPermissionDenied
//
// Every call waits for a turn at least. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jobs/store/store.h"
#include "net/async.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tidemill::jobs::testing {

// What the stores of a test share, as nodes share a database. To be looked at and to be changed.
struct MemoryTables {
  struct OwnerRow {
    Owner owner;
    std::uint64_t flush = 0;
    WallTime expires_at;
  };

  std::map<JobId, StoredJob> ready;
  std::map<JobId, LaterJob> later;
  std::map<JobId, DeadJob> dead;
  std::map<JobId, Claim> claims;
  std::map<std::pair<std::string, std::string>, Record> records;  // by kind and key
  std::map<std::int64_t, std::string> inbox;
  bool rings = true;  // when something is enqueued
  std::optional<OwnerRow> owner;

  // As tidemill.enqueue does. Gives the id.
  std::int64_t Enqueue(std::string text);
};

class MemoryStore final : public Store {
 public:
  MemoryStore(net::Loop& loop, std::shared_ptr<MemoryTables> tables);
  explicit MemoryStore(net::Loop& loop) : MemoryStore(loop, std::make_shared<MemoryTables>()) {}

  MemoryTables& tables() { return *tables_; }

  // --- Faults
  // The next `count` commits, those that are held too, keep nothing and give `error`.
  void FailCommits(std::size_t count, Error error);
  // The next `count` calls of everything but Commit.
  void FailOthers(std::size_t count, Error error);
  // Commits wait, without effect, until they are released, in their order.
  void HoldCommits() { holds_ = true; }
  void ReleaseCommits();
  std::size_t held_commits() const { return held_.size(); }
  // LoadReady waits until it is released: a start that takes long.
  void HoldLoads() { holds_loads_ = true; }
  void ReleaseLoads();
  // Another node takes the lease at once, for an hour.
  void TakeOver(std::string node, std::string address = "");

  // --- What happened
  // Those that were kept, in their order.
  const std::vector<std::shared_ptr<const Flush>>& flushes() const { return flushes_; }

  // Calls of List.
  std::size_t lists() const { return lists_; }
  // Calls of everything but Commit that were under way at once, at most.
  std::size_t others_at_once() const { return others_at_once_; }

  // What a flush was refused for that is a bug of its maker: an id twice, a number that does not follow, a
  // text that is none. A test of the engine expects it to be empty.
  const std::vector<std::string>& bugs() const { return bugs_; }

  Task<Result<Lease>> Acquire(LeaseRequest request) override;
  Task<Result<>> Release(LeaseRequest request) override;
  Task<Result<std::optional<Owner>>> FindOwner() override;
  Task<Result<>> Commit(std::shared_ptr<const Flush> flush) override;
  Task<Result<JobId>> LastId() override;
  Task<Result<std::vector<StoredJob>>> LoadReady(JobId after, std::size_t count,
                                                 std::size_t text_bytes_max) override;
  Task<Result<std::vector<LaterEntry>>> LoadLater(LaterPosition after, std::size_t count) override;
  Task<Result<std::vector<Claim>>> LoadClaims(JobId after, std::size_t count) override;
  Task<Result<std::vector<Record>>> LoadRecords(std::string kind, std::string after,
                                                std::size_t count) override;
  Task<Result<std::optional<Record>>> FindRecord(RecordKey key) override;
  Task<Result<std::vector<JobPage::Item>>> Load(Place place, std::vector<JobId> ids) override;
  Task<Result<JobPage>> List(PageRequest request) override;
  Task<Result<std::uint64_t>> Count(Place place) override;
  Task<Result<std::vector<InboxJob>>> LoadInbox(std::size_t count) override;
  Task<Result<>> RingForInbox(bool rings) override;
  Task<Result<std::size_t>> Sweep(WallTime now, std::size_t count) override;
  Task<Result<>> Clear(std::uint64_t epoch) override;

 private:
  struct Fault {
    std::size_t count = 0;
    Error error;
  };
  static Result<> Judge(Fault& fault);
  // Waits for a turn; the planted fault, if there is one.
  Task<Result<>> Begin();
  Task<Result<>> CommitToTheEnd(std::shared_ptr<const Flush> flush);
  Result<> Keep(const std::shared_ptr<const Flush>& flush);
  Result<> CheckEpoch(std::uint64_t epoch) const;
  bool LeaseHolds() const;

  net::Loop& loop_;
  const std::shared_ptr<MemoryTables> tables_;
  std::uint64_t epoch_ = 0;  // that this object has got; 0: none yet
  Fault commit_fault_;
  Fault other_fault_;
  std::size_t others_ = 0;  // under way
  std::size_t others_at_once_ = 0;
  std::size_t lists_ = 0;
  bool holds_ = false;
  bool holds_loads_ = false;
  std::vector<net::Reply<bool>::Sender> held_;
  std::vector<net::Reply<bool>::Sender> held_loads_;
  std::vector<std::shared_ptr<const Flush>> flushes_;
  std::vector<std::string> bugs_;
  TaskScope commits_;  // last: its tasks refer to all above
};

}  // namespace tidemill::jobs::testing
