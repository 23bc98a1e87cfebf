// Schedules: what is pushed again and again: entries of the configuration, and those that were added at run
// time, each with a record ("cron"). What the configuration names is changed there alone; it may be paused
// and run by hand all the same.
//
// A record says until when its entry has fired, and is written in the flush of the jobs that it fired: so
// each firing is one job, whichever node owns the store, and wherever a clock is moved to. The job's jid is
// made of the entry's name and the time. Loop thread only.
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
#include "jobs/cron/overlap.h"
#include "jobs/engine/plugin.h"
#include "jobs/engine/schedule_spec.h"
#include "net/timer_wheel.h"

namespace tidemill::jobs {

class Schedules final : public EnginePlugin, net::Timer {
 public:
  static constexpr std::string_view kKind = "cron";
  // That ask the store at once what became of a schedule's last job.
  static constexpr std::size_t kLearnersMax = 16;

  explicit Schedules(Core& core);
  ~Schedules() override;

  // kInvalidArgument says what is accepted; kLimitExceeded: there are too many, or its job is too long;
  // kPermissionDenied: it is of the configuration. An entry of that name that says the same goes on as if
  // nothing had been set.
  Result<> Set(ScheduleSpec spec);
  Result<> Remove(std::string_view name);  // kPermissionDenied
  std::size_t size() const { return entries_.size(); }
  // What the configuration has from now on: others that came from it go, those that were set stay. Done soon;
  // nothing fires until then.
  void Configure(std::vector<ScheduleSpec> specs);
  // What would have fired meanwhile is left out.
  Result<> Pause(std::string_view name);
  Result<> Resume(std::string_view name);
  // A firing now, beside the others. Gives the jid.
  Result<std::string> RunNow(std::string_view name);
  // In the order of names, behind `after`; each with its next firings.
  std::vector<ScheduleView> Views(std::string_view after, std::size_t count, std::size_t next_count) const;
  std::optional<ScheduleView> View(std::string_view name, std::size_t next_count) const;

  // Memory has been read back.
  void Start();
  void Stop();

  Task<Result<>> Recover(Store& store) override;
  void Forget() override;
  void BeforeFlush(Gathering&) override {}
  void OnOutcome(const Outcome& outcome, Gathering& gathering) override;

 private:
  struct Entry;

  // The configuration's, by name.
  using Configured = std::map<std::string, ScheduleSpec, std::less<>>;

  void OnTimer() override { Look(); }
  void Place(std::unique_ptr<Entry> made);
  void Erase(Entry& entry);
  // Brings the entries in line with what the configuration has, piece by piece.
  void StartTakingOver();
  static Task<void> TakeOver(Schedules& self, std::uint64_t number, std::vector<ScheduleSpec> specs);
  // False: another one has begun, or the lease is lost.
  bool TakesOver(std::uint64_t number) const { return number == take_over_; }
  void PlaceConfigured(const ScheduleSpec& spec);
  ScheduleView ViewOf(const Entry& entry, std::size_t next_count) const;
  // Puts it where it stands among those that will fire, after each change of it.
  void Arrange(Entry& entry);
  void SetTimer();
  // Fires all that is due, piece by piece, and sets the timer.
  void Look();
  static Task<void> FireDue(Schedules& self);
  void Fire(Entry& entry);
  void FireOnce(Entry& entry, WallTime at, std::string jid, Gathering& gathering);
  // `replaced`: the jid of the job whose place it takes, its unique lock too; empty: none.
  Result<> PushFor(Entry& entry, std::string jid, std::string_view replaced, Gathering& gathering);
  void Write(const Entry& entry, Gathering& gathering) const;
  Result<Entry*> Find(std::string_view name);
  Result<> MayChange(std::string_view name) const;
  // kUnknown: it was pushed before this start, and the store has not said yet what became of it.
  enum class Last : std::uint8_t { kOver, kOpen, kUnknown };
  void SetLast(Entry& entry, std::string jid, Last last);
  cron::Previous PreviousOf(const Entry& entry) const;
  // Whether a firing depends on what is not known yet.
  static bool WaitsForLast(const Entry& entry);
  void LearnSoon(const Entry& entry);
  void StartLearning();
  static Task<void> Learn(Schedules& self);
  static Task<void> LearnLast(Schedules& self, std::string name);
  static Task<void> TakeBack(Schedules& self, std::string jid);

  Core& core_;
  std::vector<ScheduleSpec> wanted_;  // what the configuration has
  Configured configured_;             // the same, once it is taken over
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;
  std::set<std::pair<WallTime, std::string_view>> due_;  // views of entries' names
  std::uint64_t take_over_ = 0;                          // which is the last one
  bool is_taking_over_ = false;
  bool is_firing_ = false;
  std::deque<std::string> to_learn_;
  std::size_t learners_ = 0;
  std::unordered_map<std::string, Entry*> by_last_jid_;
};

}  // namespace tidemill::jobs
