// LiveQueries: the results that somebody follows, kept as the states of map channels.
//
// A cohort is one channel: one endpoint, its parameters, and whose it is. Whoever subscribes begins it, or
// joins it: it is asked once for all of them, compared with what was before, and each row that has changed is
// published once. It is asked anew when something has changed that it reads (changes.h, and what our own
// endpoints write), at most so often (pacing.h), a few cohorts at a time (turns.h). Where changes tell which
// rows they have touched, only the cohorts that these rows matter to are (dependents.h). When nobody
// has followed it for a while it ends, and its channel is cleared. One that cannot go on (its file has
// changed, its token has expired, the database refuses it) ends in the same way: its subscribers come back,
// and are told why.
//
// All cohorts of a node are on one loop. Thread: that loop, but for what says otherwise. All that is borrowed
// outlives it, and its channels are in the memory of this process.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log_limit.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/reply.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"
#include "queries/endpoint/served_endpoint.h"
#include "queries/endpoint/written.h"
#include "queries/live/changes.h"
#include "queries/live/cohort.h"
#include "queries/live/cohort_events.h"
#include "queries/live/dependents.h"
#include "queries/live/follow.h"
#include "queries/live/metrics.h"
#include "queries/live/own_writes.h"
#include "queries/live/settings.h"
#include "queries/live/turns.h"
#include "realtime/broker/map_publisher.h"
#include "sql/database.h"

namespace tidemill::queries::live {

class LiveQueries final : public ChangeEvents, private net::Timer {
 public:
  // How long a cohort is kept that nobody follows: longer than a subscription takes to begin.
  static constexpr Duration kLinger = Seconds(30);
  // A newer token of other claims takes a channel over at most so often: two that are renewed in turn do not
  // have the query begun without end.
  static constexpr Duration kTakeOverInterval = Seconds(10);

  struct Surroundings {
    net::Loop& loop;
    sql::Database& database;  // for the refreshes
    broker::MapPublisher& maps;
    LiveMetrics& metrics;
    const Commits* commits = nullptr;  // of SQLite; null: subscribers are told of no transactions
  };
  LiveQueries(const Surroundings& surroundings, LiveSettings settings);
  ~LiveQueries();
  LiveQueries(const LiveQueries&) = delete;
  LiveQueries& operator=(const LiveQueries&) = delete;

  // Before anything is followed. Null: changes are not noticed, all is polled.
  void SetSource(ChangeSource* source) { source_ = source; }
  void Start();

  // Completes when the channel has the result.
  Task<Followed> Follow(FollowCall call);
  // Any thread: the same, for a caller on another loop.
  void PostFollow(FollowCall call, net::Reply<Followed>::Sender sender);
  // Any thread: for an event stream of a cohort that was followed, what comes after what it has.
  struct NextCall {
    std::string channel;
    std::string cohort;
    EventPosition has;
  };
  void PostNext(NextCall call, net::Reply<NextEvents>::Sender sender);
  // Event streams end, and none begins.
  void EndStreams();
  // What is served from now on: what is not any more ends.
  void ReplaceServing(const Serving& serving);
  // An endpoint of ours has written these, "*" for everything; it is committed. Cohorts whose changes are
  // told with their values wait for those. `transaction`: as Written has it.
  void NoteWrite(std::span<const std::string> tables, const std::string& transaction = {});
  // The first subscription to a channel of the namespace came, or the last one went.
  void SetOccupied(std::string channel, bool occupied);

  void OnChange(std::span<const TableChange> changes, std::span<const std::string> transactions) override;
  void OnChangeSomewhere() override;
  void OnNotLooking() override { OnChangeSomewhere(); }  // they are asked again and again

  std::size_t cohorts() const { return cohorts_.size(); }

 private:
  using ServedPtr = std::shared_ptr<const ServedEndpoint>;
  using Covered = std::expected<FootprintPtr, NotFollowed>;
  class Due final : public net::Timer {
   public:
    explicit Due(LiveQueries& live) : live_(live) {}
    void OnTimer() override { live_.Pump(); }

   private:
    LiveQueries& live_;
  };

  void OnTimer() override;
  void Next(const NextCall& call, net::Reply<NextEvents>::Sender sender);
  CohortPtr Find(const std::string& channel) const;
  Task<Covered> KnownFootprint(ServedPtr served);
  Task<Covered> FindFootprint(ServedPtr served);
  Task<std::expected<Coverage, NotFollowed>> FindCoverage(ServedPtr served);
  void LogCoverage(const ServedEndpoint& served, const Coverage& coverage) const;
  Ready Admit(const FollowCall& call) const;
  Task<Followed> FollowReady(CohortPtr cohort);
  CohortPtr Begin(FollowCall call, FootprintPtr footprint);
  void Depend(const CohortPtr& cohort, FootprintPtr footprint);
  void SetPolled(Cohort& cohort, bool polled);
  void SetStale(Cohort& cohort, bool stale);
  void End(const CohortPtr& cohort, NotFollowed why);
  void Leave(const CohortPtr& cohort);

  void Mark(std::vector<CohortPtr> dirty, TransactionsPtr transactions);
  void MarkSome();
  static Task<void> MarkOthers(LiveQueries& self);
  void Reschedule(Cohort& cohort);
  void Pump();
  static Task<void> PumpLater(LiveQueries& self);
  static Task<void> Refresh(LiveQueries& self, CohortPtr cohort);
  Task<void> Take(CohortPtr cohort, Answered answered, SeenWrites told, WallTime asked_at);
  std::vector<CohortPtr> All() const;
  void EndRefresh(const CohortPtr& cohort, NoRows why, std::vector<TransactionsPtr> transactions);
  void EndRefused(const CohortPtr& cohort, NotFollowed why);
  static Task<void> Clear(LiveQueries& self, std::string channel);
  static Task<void> CoverAnew(LiveQueries& self);

  const Surroundings at_;
  const LiveSettings settings_;
  ChangeSource* source_ = nullptr;
  std::unordered_map<std::string, CohortPtr> cohorts_;  // by channel
  Dependents dependents_;
  std::map<std::string, std::size_t, std::less<>> by_starter_;
  std::set<ServedPtr> served_;                                             // all that there are now
  std::map<ServedPtr, FootprintPtr> footprints_;                           // of those that were followed
  std::map<ServedPtr, std::vector<net::Reply<Covered>::Sender>> finding_;  // who waits for which
  std::unordered_set<std::string> occupied_;
  OwnWrites own_writes_;
  std::deque<CohortPtr> to_mark_;
  bool marks_ = false;
  Turns turns_;
  std::size_t bytes_ = 0;  // of all windows
  MonotonicTime covered_at_{};
  bool covers_ = false;
  log::LogLimit ended_log_;
  bool streams_ended_ = false;
  bool pumps_ = false;
  bool pumps_later_ = false;
  Due due_timer_{*this};
  TaskScope scope_;
};

}  // namespace tidemill::queries::live
