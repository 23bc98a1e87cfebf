// Gathering: what the next flush will change, put together while memory changes.
//
// A job that is put somewhere and taken away again before the flush begins never reaches the store. Pushes
// are kept apart: nobody sees them before they are committed, so they can be dropped when that fails. A
// value-like part of the flusher; loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "jobs/engine/commit_waiter.h"
#include "jobs/queue/dispatcher.h"
#include "jobs/store/store.h"

namespace tidemill::jobs {

// A push that is not committed yet.
struct Pushed {
  enum class IfFailed : std::uint8_t {
    kDrop,   // its producer is told
    kRetry,  // nobody is there to push it again
  };
  queue::QueueId queue;
  WallTime expires_at;
  std::string lock_key;  // of the unique lock that it took; empty: none
  std::string batch;
  IfFailed if_failed = IfFailed::kDrop;
};
// `run_at` and `wait` of those that go to kLater.
struct PushedJob {
  LaterJob row;
  Place place = Place::kReady;
  Pushed pushed;
};

class Gathering {
 public:
  void Push(PushedJob&& job);

  // Whoever can see a job moves it: Remove from where it is, Insert where it goes.
  void Insert(StoredJob job) { Insert(Place::kReady, flush_.ready, std::move(job)); }
  void Insert(LaterJob job) { Insert(Place::kLater, flush_.later, std::move(job)); }
  void Insert(DeadJob job) { Insert(Place::kDead, flush_.dead, std::move(job)); }
  // A job that the store does not know, so that taking it away again leaves nothing to delete.
  void InsertNew(StoredJob job);
  void Remove(Place place, JobId id);

  void PutClaim(Claim claim);
  void RemoveClaim(JobId id);
  void Put(Record record);
  void Remove(RecordKey key);
  // What Put has put here under that key; null: nothing. Until the next change.
  const Record* FindPut(std::string_view kind, std::string_view key) const;
  // As Remove, if Put has put something here under that key.
  void RemovePut(std::string_view kind, std::string_view key);
  void RemoveInbox(std::int64_t id);

  bool empty() const { return rows_ == 0; }
  std::size_t rows() const { return rows_; }
  std::size_t bytes() const { return bytes_; }

  // The flush, which shares what is in here; nothing is added from now on.
  std::shared_ptr<const Flush> Seal(std::uint64_t epoch, std::uint64_t number);
  // After the commit: the pushes, with their texts. Once.
  std::vector<PushedJob> TakePushed();
  // After a commit that failed: the pushes that may be dropped. What is left can be added to, and sealed
  // again.
  std::vector<PushedJob> Reopen();

 private:
  struct Row {
    Place place = Place::kReady;
    std::size_t index = 0;
    bool is_new = false;
  };

  template <class T>
  void Insert(Place place, std::vector<T>& rows, T row);
  void Note(std::size_t bytes) {
    ++rows_;
    bytes_ += bytes;
  }
  void EraseHoles();

  Flush flush_;                                        // without the pushes until Seal
  std::shared_ptr<Flush> sealed_;                      // with them
  std::vector<PushedJob> pushed_;                      // their rows are in sealed_ once that is there
  std::unordered_map<std::uint64_t, Row> inserted_;    // by id: rows of flush_
  std::unordered_map<std::string, std::size_t> puts_;  // kind and key: the index of a record
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
  bool has_holes_ = false;
};

}  // namespace tidemill::jobs
