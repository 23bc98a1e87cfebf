// Limiter: which of a queue's jobs may begin now, by the queue's limits; and those that may not because of
// their key, each key's in its order.
//
// A queue that is at its limit is not looked at until something frees (MayFetch); a job whose key is at its
// limit is parked, so that it holds up no other key's. When a key has room again, its first parked job goes
// before what is in the queue; keys take turns. What runs is held until it is released, or its time is over.
// Nothing is stored: after a start, those that run are told (Hold).
//
// A call costs no more than a few looks at maps; TakeParked looks at no key twice for one event. One thread;
// no clock of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "jobs/limits/queue_limits.h"
#include "jobs/queue/entry.h"

namespace tidemill::jobs {

using queue::JobId;

// A job that waits for its key.
struct ParkedJob {
  queue::Entry entry;  // without its text, when there are too many
  int priority = 5;
  std::string key;
  int weight = 1;
};

class Limiter {
 public:
  struct Options {
    std::size_t keys_max = 100'000;         // that have jobs, or have had too recently to be forgotten
    std::size_t text_bytes_max = 64 << 20;  // of parked jobs
  };
  struct Ask {
    JobId id;
    std::string_view wid;
    std::string_view key;  // empty: none
    int weight = 1;
  };
  // How often something was held back, by the limit that did it.
  struct HeldBack {
    std::uint64_t concurrency = 0;
    std::uint64_t rate = 0;
    std::uint64_t worker_concurrency = 0;
    std::uint64_t key_concurrency = 0;
    std::uint64_t key_rate = 0;
    std::uint64_t keys = 0;  // there are too many (Options::keys_max)
  };
  enum class Verdict : std::uint8_t {
    kRun,     // it is held now
    kQueue,   // not before something frees: it goes back to the front
    kWorker,  // not on this worker: the same
    kKey,     // it is to be parked
  };

  Limiter() : Limiter(QueueLimits(), Options()) {}
  explicit Limiter(QueueLimits limits) : Limiter(std::move(limits), Options()) {}
  Limiter(QueueLimits limits, Options options);
  ~Limiter();
  Limiter(const Limiter&) = delete;
  Limiter& operator=(const Limiter&) = delete;

  const QueueLimits& limits() const { return limits_; }
  // What runs goes on, and counts. The keys of parked jobs stay as they are.
  void SetLimits(QueueLimits limits);

  // Whether it is worth asking for a job for this worker.
  bool MayFetch(std::string_view wid, MonotonicTime now) const;
  Verdict Admit(const Ask& ask, MonotonicTime now);
  // A fetch of that worker was left out, since MayFetch says no: counted.
  void LeftOut(MonotonicTime now);
  // It runs already.
  void Hold(const Ask& ask, MonotonicTime now);
  // It ended, or was given back. False: it was not held (any more).
  bool Release(JobId id, MonotonicTime now);

  void Park(ParkedJob job);
  // A parked job whose key has room now, to be put in front of the queue. The next one of its key comes when
  // this one has been admitted, parked again, or Dropped.
  std::optional<ParkedJob> TakeParked(MonotonicTime now);
  // A job is gone without having been admitted.
  void Dropped(JobId id);
  // Any one, whatever its key: the queue is emptied, or has no limits any more.
  std::optional<ParkedJob> TakeAnyParked();

  // Lets go what was held too long, and looks at keys whose time has come.
  void Advance(MonotonicTime now);
  // When Advance, MayFetch or TakeParked may say something else though nothing is released; nullopt: never.
  std::optional<MonotonicTime> NextChange(MonotonicTime now) const;

  // --- Looking
  std::size_t parked() const { return parked_count_; }
  std::size_t parked_bytes() const { return parked_bytes_; }  // of their texts
  std::size_t keys() const { return keys_.size(); }
  std::int64_t held() const { return held_units_; }
  const HeldBack& held_back() const { return held_back_; }
  // null: it is not parked. Looks through all of them.
  const ParkedJob* FindParked(JobId id) const;
  struct KeyView {
    std::string key;
    std::int64_t held = 0;
    std::size_t parked = 0;
  };
  // Keys that have parked jobs, up to `count`: what blocks what.
  std::vector<KeyView> BlockedKeys(std::size_t count) const;

 private:
  struct Key;
  struct Held {
    Key* key = nullptr;  // null: none
    std::string wid;
    int weight = 1;
    std::optional<MonotonicTime> until;  // where it is in held_until_
  };
  // The theoretical arrival time of the next unit (GCRA), in ns of the monotonic clock.
  using Arrival = std::int64_t;

  static int Clamp(int weight, int limit) { return limit > 0 && weight > limit ? limit : weight; }
  static Arrival After(Arrival arrival, const Rate& rate, int weight, MonotonicTime now);
  // When a job of that weight may begin; not after now: at once.
  static std::int64_t AllowedAt(Arrival arrival, const Rate& rate, int weight, MonotonicTime now);
  bool IsAtConcurrency(int weight) const;
  bool QueueHasRoom(int weight, MonotonicTime now) const;
  bool WorkerHasRoom(std::string_view wid, int weight) const;
  bool IsKeyAtConcurrency(const Key& key, int weight) const;
  bool KeyHasRoom(const Key& key, int weight, MonotonicTime now) const;
  void CountForQueue(int weight);
  void CountForKey(const Key* key, int weight);  // null: it is not made, as there are too many
  Key* FindKey(std::string_view name) const;
  Key& MakeKey(std::string_view name);
  // Forgets the key if there is nothing to know of it; otherwise sees to its being looked at in time.
  void Review(Key& key, MonotonicTime now);
  void WakeAt(Key& key, std::int64_t at);
  void LetTakeTurn(Key& key);
  // Whether the job was offered; its key may offer the next one.
  bool EndOffer(JobId id);
  void Take(const Ask& ask, MonotonicTime now);
  // The first of those parked with the key; null: of those without one.
  ParkedJob Unpark(Key* key);

  QueueLimits limits_;
  Options options_;
  HeldBack held_back_;
  std::int64_t held_units_ = 0;
  int wanted_weight_ = 1;  // of the job that the queue had no room for
  Arrival arrival_ = 0;
  std::unordered_map<std::uint64_t, Held> held_;
  std::set<std::pair<MonotonicTime, JobId>> held_until_;  // with hold_for
  struct Worker {
    std::int64_t units = 0;
    int wanted_weight = 1;  // of the job that it had no room for
  };
  std::unordered_map<std::string, Worker> workers_;                  // that hold something
  std::unordered_map<std::string_view, std::unique_ptr<Key>> keys_;  // views of the keys' names
  std::unordered_set<Key*> blocked_;                                 // have parked jobs
  std::deque<Key*> turns_;                                           // have parked jobs, and room perhaps
  std::set<std::pair<std::int64_t, Key*>> wakes_;                    // ns: when a key has tokens, or is full
  std::deque<ParkedJob> keyless_;                                    // their keys are too many
  std::unordered_map<std::uint64_t, Key*> offered_;  // taken from those parked; null: its key is not made yet
  std::size_t parked_count_ = 0;
  std::size_t parked_bytes_ = 0;
};

}  // namespace tidemill::jobs
