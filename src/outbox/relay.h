// Relay: takes committed entries out of the outbox and sends them, on one node at a time.
//
// A lane (entry.h) sends one entry after the other, many lanes at once. What has left is deleted afterwards,
// in one transaction for a page: a crash in between sends it again. An entry that can never leave is parked,
// with the reason, and its lane goes on; one that cannot leave now holds its lane, and is parked when its
// sink has sent others for a while (held_lanes.h).
//
// It looks again at once while there is something. Entries that come seldom are rung for by the store
// (Store::Ring), if somebody hears that; when they come often it looks by itself, every few milliseconds, and
// nobody rings, as ringing has a price for writers. It looks now and then all the same: what is being
// committed when the ringing begins may be missed. Loop thread only, but for what says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "net/precise_pause.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "outbox/held_lanes.h"
#include "outbox/metrics.h"
#include "outbox/options.h"
#include "outbox/sink.h"
#include "outbox/store.h"

namespace tidemill::outbox {

class Relay {
 public:
  static constexpr Duration kBusyPause = Milliseconds(5);
  // Often: so many entries within so long; and for how long it counts, from the end of the last look.
  static constexpr std::size_t kBusyEntries = 20;
  static constexpr Duration kBusyWithin = Seconds(1);
  static constexpr Duration kBusyFor = Seconds(1);

  // All that is borrowed outlives it.
  Relay(net::Loop& loop, Store& store, std::vector<Sink*> sinks, RelayOptions options, Metrics& metrics);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  void Start();
  // Finishes what it is sending and lets the lease go; `ended` says when.
  void Stop();
  bool ended() const { return ended_; }

  // Somebody says that there is something. What failed, or is another node's, is not tried earlier for it.
  void LookNow();
  // Whether LookNow is called when the store rings.
  void Hear(bool hears);
  // Somebody has mended something: held lanes are tried at once, and what is parked is counted again.
  void HurryUp();

  bool relays() const { return relays_; }
  const HeldLanes& held() const { return held_; }
  // Any thread: why it does nothing now, and since when. nullopt: it works, or another node does.
  struct Problem {
    std::string why;
    MonotonicTime since;
  };
  std::optional<Problem> problem() const;

 private:
  struct Lane {
    std::string name;
    std::vector<std::size_t> entries;  // of the page
  };

  static Task<void> Run(Relay& self);
  // Until the lease is lost, or it is to stop.
  static Task<void> Serve(Relay& self);
  // One page, and what is to be done besides; whether there was something. kPermissionDenied: the lease is
  // lost.
  static Task<Result<bool>> Turn(Relay& self);
  static Task<Result<bool>> Look(Relay& self);
  static Task<Finished> SendAll(Relay& self, const std::vector<Entry>& page);
  static Task<void> SendLane(Relay& self, const std::vector<Entry>& page, const Lane& lane,
                             Finished& finished);
  static Task<Delivery> Send(Relay& self, const Entry& entry);
  static Task<Result<>> Finish(Relay& self, Finished finished);
  static Task<Result<>> Measure(Relay& self);
  static Task<Result<>> SetRinging(Relay& self);

  // Whether the lane goes on behind this entry.
  bool Note(const std::string& lane, const Entry& entry, Delivery delivery, Finished& finished);
  std::vector<Lane> LanesOf(const std::vector<Entry>& page) const;
  Sink* FindSink(std::string_view name) const;
  bool IsBusy() const;
  void NoteFind(std::size_t entries);
  Duration NextPause() const;
  void BeginServing(std::uint64_t epoch, MonotonicTime asked_at);
  void ExtendLease(MonotonicTime asked_at);
  void EndServing();
  void SetProblem(std::string why);

  net::Loop& loop_;
  Store& store_;
  const std::vector<Sink*> sinks_;
  const RelayOptions options_;
  Metrics& metrics_;
  HeldLanes held_;

  bool stopping_ = false;
  bool ended_ = false;
  bool relays_ = false;
  bool hears_ = false;
  bool look_again_ = false;
  std::optional<bool> rings_;  // as the store was told; nullopt: nothing, in this lease
  std::optional<bool> is_full_;
  std::uint64_t epoch_ = 0;
  std::uint64_t parked_ = 0;
  MonotonicTime busy_until_;
  std::size_t found_ = 0;  // entries since:
  MonotonicTime found_since_;
  MonotonicTime renew_at_;
  MonotonicTime measure_at_;
  MonotonicTime count_at_;
  Duration look_took_{};
  std::map<std::string, std::uint64_t, std::less<>> sent_by_;  // by sink
  std::unordered_set<std::int64_t> sent_;                      // and not known to be out of the store
  mutable std::mutex mutex_;
  Problem problem_;  // with a `why` of "": none
  net::PrecisePause look_pause_;
  net::PrecisePause other_pause_;  // after a failure, and while another node relays
  TaskScope scope_;
};

}  // namespace tidemill::outbox
