#include "queries/live/live_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/log.h"
#include "net/async.h"
#include "net/next_turn.h"
#include "queries/cache/generations.h"
#include "queries/live/key_value.h"
#include "queries/live/publish_changes.h"

namespace tidemill::queries::live {
namespace {

constexpr Duration kTick = Seconds(1);
constexpr Duration kCoverInterval = Seconds(15);
// Of one cohort that waits; of more the newest count, which the others are visible before.
constexpr std::size_t kTransactionsMax = 100;
constexpr std::size_t kTransactionListsMax = 16;

// Of two times, of which 0 is none.
std::int64_t Earlier(std::int64_t a, std::int64_t b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

// Each once.
std::vector<std::string> Joined(const std::vector<TransactionsPtr>& lists) {
  std::vector<std::string> all;
  for (const TransactionsPtr& each : lists) all.insert(all.end(), each->begin(), each->end());
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

}  // namespace

LiveQueries::LiveQueries(const Surroundings& surroundings, LiveSettings settings)
    : at_(surroundings), settings_(std::move(settings)), turns_(settings_.refreshes_max) {}

LiveQueries::~LiveQueries() = default;

void LiveQueries::Start() { at_.loop.timers().Schedule(*this, at_.loop.Now() + kTick); }

void LiveQueries::PostFollow(FollowCall call, net::Reply<Followed>::Sender sender) {
  constexpr auto answer = [](LiveQueries& self, FollowCall of,
                             net::Reply<Followed>::Sender to) -> Task<void> {
    to.Send(co_await self.Follow(std::move(of)));
  };
  at_.loop.Post([this, answer, of = std::move(call), to = std::move(sender)]() mutable {
    scope_.Spawn(answer(*this, std::move(of), std::move(to)));
  });
}

void LiveQueries::PostNext(NextCall call, net::Reply<NextEvents>::Sender sender) {
  at_.loop.Post([this, of = std::move(call), to = std::move(sender)]() mutable { Next(of, std::move(to)); });
}

void LiveQueries::Next(const NextCall& call, net::Reply<NextEvents>::Sender sender) {
  const CohortPtr cohort = Find(call.channel);
  if (streams_ended_ || !cohort || cohort->events.id() != call.cohort) {
    const std::string_view why =
        streams_ended_ ? "the server is shutting down" : "the query begins anew; come back";
    return sender.Send({.ended = NotFollowed{NotFollowed::Why::kAway, std::string(why)}});
  }
  cohort->last_wanted = at_.loop.Now();
  cohort->events.Next(call.has, cohort->window, at_.loop.Now(), std::move(sender));
}

void LiveQueries::EndStreams() {
  streams_ended_ = true;
  for (const auto& [channel, cohort] : cohorts_) {
    cohort->events.End({NotFollowed::Why::kAway, "the server is shutting down"});
  }
}

CohortPtr LiveQueries::Find(const std::string& channel) const {
  const auto found = cohorts_.find(channel);
  return found == cohorts_.end() ? nullptr : found->second;
}

Task<Followed> LiveQueries::Follow(FollowCall call) {
  CohortPtr cohort = Find(call.channel);
  std::optional<MonotonicTime> took_over_at;
  if (cohort && cohort->call.scope != call.scope) {
    NotFollowed old{NotFollowed::Why::kOldToken, "a newer token of this user says other things"};
    if (call.issued_at <= cohort->call.issued_at) co_return std::unexpected(std::move(old));
    const MonotonicTime now = at_.loop.Now();
    if (cohort->took_over_at && now - *cohort->took_over_at < kTakeOverInterval) {
      co_return std::unexpected(NotFollowed{NotFollowed::Why::kAway, "tokens of this user disagree"});
    }
    End(cohort, std::move(old));
    cohort = nullptr;
    took_over_at = now;
  }
  if (!cohort) {
    TM_CO_TRY(Admit(call));
    TM_CO_TRY_ASSIGN(FootprintPtr footprint, co_await KnownFootprint(call.question.served));
    // Somebody else may have begun it meanwhile, or the file may have changed.
    if (Find(call.channel)) co_return co_await Follow(std::move(call));
    TM_CO_TRY(Admit(call));
    cohort = Begin(std::move(call), std::move(footprint));
    cohort->took_over_at = took_over_at;
  } else {
    cohort->good_until = Earlier(cohort->good_until, call.good_until);
  }
  cohort->last_wanted = at_.loop.Now();
  if (!cohort->ready) {
    net::Reply<Ready> reply(at_.loop);
    cohort->waiting.push_back(reply.sender());
    TM_CO_TRY(co_await reply);
  }
  co_return co_await FollowReady(std::move(cohort));
}

// Of a cohort that ends later, and of no other, is the epoch that is read before it is cleared.
Task<Followed> LiveQueries::FollowReady(CohortPtr cohort) {
  const auto read = co_await at_.maps.ReadStream({.channel = cohort->call.channel, .query = {}});
  if (!read) {
    co_return std::unexpected(NotFollowed{NotFollowed::Why::kAway, std::string(read.error().message)});
  }
  if (cohort->ended) co_return std::unexpected(NotFollowed{NotFollowed::Why::kAway, "it has just ended"});
  co_return FollowedChannel{.epoch = read->top.epoch, .cohort = cohort->events.id()};
}

Ready LiveQueries::Admit(const FollowCall& call) const {
  const auto refuse = [this](std::string text) {
    at_.metrics.refused.Add();
    return Ready(std::unexpected(NotFollowed{NotFollowed::Why::kLimit, std::move(text)}));
  };
  if (!served_.contains(call.question.served)) {
    return std::unexpected(NotFollowed{NotFollowed::Why::kAway, "the file has changed"});
  }
  if (cohorts_.size() >= settings_.queries_max) return refuse("queries.live.queries_max is reached");
  if (bytes_ >= settings_.bytes_max) return refuse("queries.live.bytes_max is reached");
  const auto mine = by_starter_.find(call.starter);
  if (mine != by_starter_.end() && mine->second >= settings_.queries_per_user_max) {
    return refuse("queries.live.queries_per_user_max is reached");
  }
  return {};
}

// One question at a time for an endpoint, however many wait for its answer.
Task<LiveQueries::Covered> LiveQueries::KnownFootprint(ServedPtr served) {
  if (const auto found = footprints_.find(served); found != footprints_.end()) co_return found->second;
  if (const auto found = finding_.find(served); found != finding_.end()) {
    net::Reply<Covered> reply(at_.loop);
    found->second.push_back(reply.sender());
    co_return co_await reply;
  }
  finding_[served];
  Covered covered = co_await FindFootprint(served);
  if (covered) {
    LogCoverage(*served, (*covered)->coverage);
    footprints_[served] = *covered;
  }
  const auto waiting = finding_.extract(served);
  for (const auto& each : waiting.mapped()) each.Send(covered);
  co_return covered;
}

void LiveQueries::LogCoverage(const ServedEndpoint& served, const Coverage& coverage) const {
  log::Info(
      "queries.live_followed",
      {{"endpoint", served.query().route.ToString()},
       {"changes", coverage.covered ? source_->method() : std::string_view("poll")},
       {"why", coverage.why},
       {"keyed_by", served.endpoint->live_key && !coverage.keyed.empty() ? served.endpoint->live_key->column
                                                                         : std::string()},
       {"why_not_keyed", coverage.why_not_keyed}});
}

Task<LiveQueries::Covered> LiveQueries::FindFootprint(ServedPtr served) {
  TM_CO_TRY_ASSIGN(Coverage coverage, co_await FindCoverage(served));
  Footprint footprint{.coverage = std::move(coverage), .tables = {}, .keyed = {}, .column = {}};
  const Coverage& found = footprint.coverage;
  for (const std::string& each : found.keyed) footprint.keyed.push_back(Generations::NameOf(each));
  if (!footprint.keyed.empty()) footprint.column = served->endpoint->live_key->column;
  std::set<std::string> names;
  for (const auto* const list : {&found.tables, &served->endpoint->reads, &served->query().live->tables}) {
    for (const std::string& each : *list) {
      if (std::ranges::find(found.keyed, each) == found.keyed.end()) names.insert(Generations::NameOf(each));
    }
  }
  footprint.tables.assign(names.begin(), names.end());
  co_return std::make_shared<const Footprint>(std::move(footprint));
}

Task<std::expected<Coverage, NotFollowed>> LiveQueries::FindCoverage(ServedPtr served) {
  const files::Live& live = *served->query().live;
  if (live.poll) co_return Coverage{.covered = false, .why = "its file says poll", .tables = {}};
  Coverage coverage{.covered = false, .why = "queries.live.changes is \"poll\"", .tables = {}};
  if (source_ != nullptr && settings_.changes != "poll") {
    source_->SetWanted(true);
    std::vector<std::string> tables = live.tables;
    const Endpoint& endpoint = *served->endpoint;
    tables.insert(tables.end(), endpoint.reads.begin(), endpoint.reads.end());
    std::optional<KeyColumn> key;
    if (const auto& of = endpoint.live_key) {
      key = KeyColumn{.table = of->table, .column = of->column, .oid = of->column_oid};
    }
    auto covered = co_await source_->Cover(std::move(tables), std::move(key));
    if (!covered) co_return std::unexpected(NotFollowed{NotFollowed::Why::kAway, covered.error().detail});
    coverage = *std::move(covered);
    if (!endpoint.live_key) coverage.why_not_keyed = endpoint.why_no_live_key;
    const bool whole_file = at_.database.dialect() == sql::Dialect::kSqlite;
    if (coverage.covered && !whole_file && !endpoint.knows_tables && live.tables.empty()) {
      coverage.covered = false;
      coverage.why = "it calls functions that may read other tables: name them with tables=";
    }
  }
  if (!coverage.covered && settings_.changes == "triggers") {
    co_return std::unexpected(NotFollowed{NotFollowed::Why::kRefused, coverage.why});
  }
  co_return coverage;
}

CohortPtr LiveQueries::Begin(FollowCall call, FootprintPtr footprint) {
  const files::Live& live = *call.question.served->query().live;
  auto cohort = std::make_shared<Cohort>(std::move(call), live.min_interval.value_or(settings_.min_interval));
  const Question& question = cohort->call.question;
  if (const auto& key = question.served->endpoint->live_key) {
    cohort->key_value = KeyValueOf(key->kind, question.request.inputs.front().at(key->parameter));
  }
  cohorts_.emplace(cohort->call.channel, cohort);
  ++by_starter_[cohort->call.starter];
  at_.metrics.queries.Add(1);
  cohort->last_wanted = at_.loop.Now();
  if (footprint->coverage.covered) source_->SetWanted(true);  // it may have ended while nothing was followed
  Depend(cohort, std::move(footprint));
  Mark({cohort}, nullptr);
  return cohort;
}

void LiveQueries::Depend(const CohortPtr& cohort, FootprintPtr footprint) {
  dependents_.Remove(cohort);
  cohort->footprint = std::move(footprint);
  dependents_.Add(cohort);
  SetPolled(*cohort, !cohort->footprint->coverage.covered);
}

void LiveQueries::SetPolled(Cohort& cohort, bool polled) {
  const Duration interval = cohort.call.question.served->query().live->poll.value_or(settings_.poll_interval);
  cohort.pacing.SetPolling(polled ? std::optional(interval) : std::nullopt);
  if (std::exchange(cohort.polled, polled) != polled) at_.metrics.polled.Add(polled ? 1 : -1);
}

void LiveQueries::SetStale(Cohort& cohort, bool stale) {
  if (std::exchange(cohort.stale, stale) == stale) return;
  at_.metrics.stale.Add(stale ? 1 : -1);
  if (!cohort.ended) cohort.events.SetStaleSince(stale ? cohort.fresh_at.ms : 0);
}

void LiveQueries::ReplaceServing(const Serving& serving) {
  served_ = {serving.endpoints.begin(), serving.endpoints.end()};
  std::erase_if(footprints_, [&](const auto& each) { return !served_.contains(each.first); });
  std::vector<CohortPtr> gone;
  for (const auto& [channel, cohort] : cohorts_) {
    if (!served_.contains(cohort->call.question.served)) gone.push_back(cohort);
  }
  for (const CohortPtr& each : gone) End(each, {NotFollowed::Why::kAway, "the file has changed"});
}

void LiveQueries::NoteWrite(std::span<const std::string> tables, const std::string& transaction) {
  const bool everything = std::ranges::find(tables, Generations::kEverything) != tables.end();
  std::vector<CohortPtr> dirty = everything ? All() : dependents_.FindUnkeyed(tables);
  TransactionsPtr written;
  if (at_.database.dialect() == sql::Dialect::kSqlite) {
    for (const CohortPtr& each : dirty) each->own_write = each->own_write || !transaction.empty();
  } else if (!transaction.empty()) {
    own_writes_.Add(transaction);
    written = std::make_shared<const std::vector<std::string>>(1, transaction);
  }
  Mark(std::move(dirty), std::move(written));
}

void LiveQueries::OnChange(std::span<const TableChange> changes, std::span<const std::string> transactions) {
  TransactionsPtr newest;
  if (!transactions.empty()) {
    newest =
        std::make_shared<const std::vector<std::string>>(own_writes_.Choose(transactions, kTransactionsMax));
  }
  Mark(dependents_.Find(changes), std::move(newest));
}

void LiveQueries::OnChangeSomewhere() { Mark(All(), nullptr); }

std::vector<CohortPtr> LiveQueries::All() const {
  std::vector<CohortPtr> all;
  all.reserve(cohorts_.size());
  for (const auto& [channel, cohort] : cohorts_) all.push_back(cohort);
  return all;
}

void LiveQueries::SetOccupied(std::string channel, bool occupied) {
  const auto found = cohorts_.find(channel);
  if (found != cohorts_.end()) found->second->last_wanted = at_.loop.Now();
  if (!occupied) {
    occupied_.erase(channel);
    return;
  }
  // It came while its cohort ended: it has to begin anew.
  if (found == cohorts_.end()) scope_.Spawn(Clear(*this, channel));
  occupied_.insert(std::move(channel));
}

// What they must see is noted at once; the rest may take several turns.
void LiveQueries::Mark(std::vector<CohortPtr> dirty, TransactionsPtr transactions) {
  for (CohortPtr& each : dirty) {
    if (transactions != nullptr) {
      if (each->transactions.size() == kTransactionListsMax) {
        each->transactions.erase(each->transactions.begin());
      }
      each->transactions.push_back(transactions);
    }
    if (!std::exchange(each->marked, true)) to_mark_.push_back(std::move(each));
  }
  if (!marks_) MarkSome();
}

void LiveQueries::MarkSome() {
  const MonotonicTime now = at_.loop.Now();
  while (!to_mark_.empty() && !at_.loop.ShareSpent()) {
    const CohortPtr cohort = std::move(to_mark_.front());
    to_mark_.pop_front();
    cohort->marked = false;
    if (!cohort->ended && cohort->pacing.NoteChange(now)) Reschedule(*cohort);
  }
  if (!to_mark_.empty() && !std::exchange(marks_, true)) scope_.Spawn(MarkOthers(*this));
  Pump();
}

Task<void> LiveQueries::MarkOthers(LiveQueries& self) {
  while (!self.to_mark_.empty()) {
    co_await net::NextTurn(self.at_.loop);
    self.MarkSome();
  }
  self.marks_ = false;
}

void LiveQueries::Reschedule(Cohort& cohort) {
  const auto due = cohort.ended ? std::nullopt : cohort.pacing.due();
  if (due) {
    turns_.Wait(cohort, *due);
  } else {
    turns_.Leave(cohort);
  }
}

// What ends at once comes back here: it is gone on with below.
void LiveQueries::Pump() {
  if (std::exchange(pumps_, true)) return;
  const MonotonicTime now = at_.loop.Now();
  while (!at_.loop.ShareSpent()) {
    Turns::Waiter* const waiter = turns_.Begin(now);
    if (waiter == nullptr) break;
    CohortPtr cohort = static_cast<Cohort*>(waiter)->shared_from_this();
    cohort->pacing.Begin(now);
    scope_.Spawn(Refresh(*this, std::move(cohort)));
  }
  pumps_ = false;
  const auto due = turns_.next_due();
  if (due && *due > now) {
    at_.loop.timers().Schedule(due_timer_, *due);
  } else if (due && !std::exchange(pumps_later_, true)) {
    scope_.Spawn(PumpLater(*this));
  }
}

Task<void> LiveQueries::PumpLater(LiveQueries& self) {
  co_await net::NextTurn(self.at_.loop);
  self.pumps_later_ = false;
  self.Pump();
}

Task<void> LiveQueries::Refresh(LiveQueries& self, CohortPtr cohort) {
  const std::int64_t begun = MonotonicMicros();
  const WallTime asked_at = self.at_.loop.clock().WallNow();
  std::vector<TransactionsPtr> transactions = std::exchange(cohort->transactions, {});
  const std::vector<std::string> wanted = self.own_writes_.Choose(Joined(transactions), kTransactionsMax);
  const bool own_write = std::exchange(cohort->own_write, false);
  const bool sqlite = self.at_.database.dialect() == sql::Dialect::kSqlite;
  const std::int64_t commit = self.at_.commits == nullptr ? 0 : self.at_.commits->last();
  const bool looks = self.settings_.check_visibility && !sqlite && !(wanted.empty() && cohort->ready);
  self.at_.metrics.refreshes.Add();
  auto answered = co_await AskRows(self.at_.loop, self.at_.database, cohort->call.question,
                                   looks ? std::optional(wanted) : std::nullopt, self.settings_.rows_max);
  const Duration asked{(MonotonicMicros() - begun) / 1000};
  if (answered && !cohort->ended) {
    SeenWrites told = sqlite
                          ? SeenWrites{.settled = commit == 0 ? "" : std::to_string(commit), .own = own_write}
                          : self.own_writes_.Tell(std::move(answered->settled), wanted);
    co_await self.Take(cohort, *std::move(answered), std::move(told), asked_at);
  } else if (!answered && !cohort->ended) {
    cohort->own_write = cohort->own_write || own_write;
    self.EndRefresh(cohort, std::move(answered).error(), std::move(transactions));
  }
  self.at_.metrics.seconds.Observe(static_cast<double>(MonotonicMicros() - begun) / 1e6);
  self.turns_.End(*cohort, asked);
  if (!cohort->ended) self.Reschedule(*cohort);
  self.Pump();
}

Task<void> LiveQueries::Take(CohortPtr cohort, Answered answered, SeenWrites told, WallTime asked_at) {
  bytes_ -= cohort->window.bytes();
  std::vector<Change> changes = cohort->window.Replace(std::move(answered.rows));
  bytes_ += cohort->window.bytes();
  if (bytes_ > settings_.bytes_max) {
    EndRefused(cohort, {NotFollowed::Why::kLimit, "queries.live.bytes_max is reached"});
    co_return;
  }
  const EventText event = cohort->events.Encode(changes, told);
  // Who waits for a write of theirs hears of it by a row, which may be as it was.
  if (told.own && std::ranges::all_of(changes, &Change::removed)) {
    if (auto top = cohort->window.Top()) changes.push_back(*std::move(top));
  }
  at_.metrics.published.Add(changes.size());
  const auto failed = co_await PublishChanges(at_.maps, cohort, std::move(changes), told);
  if (cohort->ended) co_return;
  if (failed) {
    log::Warn("queries.live_not_published", {{"channel", cohort->call.channel}, {"why", failed->message}});
    End(cohort, {NotFollowed::Why::kRefused, fmt::format("the channel takes no more: {}", failed->message)});
    co_return;
  }
  cohort->ready = true;
  cohort->fresh_at = asked_at;
  cohort->events.Add(event, std::move(told));
  SetStale(*cohort, false);
  for (const auto& each : std::exchange(cohort->waiting, {})) each.Send(Ready());
  cohort->pacing.End(Pacing::Outcome::kDone, at_.loop.Now());
}

// Without rows.
void LiveQueries::EndRefresh(const CohortPtr& cohort, NoRows why, std::vector<TransactionsPtr> transactions) {
  const MonotonicTime now = at_.loop.Now();
  const auto keep = [&] {
    auto& wanted = cohort->transactions;
    wanted.insert(wanted.begin(), transactions.begin(), transactions.end());
    const std::size_t over = wanted.size() - std::min(wanted.size(), kTransactionListsMax);
    wanted.erase(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(over));
  };
  switch (why.why) {
    case NoRows::Why::kNotVisible:
      at_.metrics.not_visible.Add();
      cohort->pacing.End(Pacing::Outcome::kNotVisible, now);
      // A failover may have lost them: what there is counts, and it is not known whether that is all.
      if (cohort->pacing.gives_up(now)) return SetStale(*cohort, true);
      return keep();
    case NoRows::Why::kAway:
      at_.metrics.failed.Add();
      keep();
      // Who waits for the first result is told at once, and tries again.
      if (!cohort->ready) return End(cohort, {NotFollowed::Why::kAway, std::move(why.text)});
      SetStale(*cohort, true);
      return cohort->pacing.End(Pacing::Outcome::kFailed, now);
    case NoRows::Why::kRefused: break;
  }
  EndRefused(cohort, {NotFollowed::Why::kRefused, std::move(why.text)});
}

void LiveQueries::EndRefused(const CohortPtr& cohort, NotFollowed why) {
  at_.metrics.ended.Add();
  if (const auto suppressed = ended_log_.Count(at_.loop.Now())) {
    log::Warn("queries.live_ended", {{"endpoint", cohort->call.question.served->query().route.ToString()},
                                     {"why", why.text},
                                     {"suppressed", *suppressed}});
  }
  End(cohort, std::move(why));
}

// Whoever follows it comes back, and is told.
void LiveQueries::End(const CohortPtr& cohort, NotFollowed why) {
  if (cohort->ended) return;
  Leave(cohort);
  for (const auto& each : std::exchange(cohort->waiting, {})) each.Send(std::unexpected(why));
  cohort->events.End(why);
  scope_.Spawn(Clear(*this, cohort->call.channel));
}

void LiveQueries::Leave(const CohortPtr& cohort) {
  cohort->ended = true;
  Reschedule(*cohort);
  SetPolled(*cohort, false);
  SetStale(*cohort, false);
  dependents_.Remove(cohort);
  const auto started = by_starter_.find(cohort->call.starter);
  if (--started->second == 0) by_starter_.erase(started);
  bytes_ -= cohort->window.bytes();
  cohort->window = {};
  at_.metrics.queries.Add(-1);
  cohorts_.erase(cohort->call.channel);
}

// In line with what was published before.
Task<void> LiveQueries::Clear(LiveQueries& self, std::string channel) {
  const auto done = co_await self.at_.maps.Clear(channel);
  if (!done) log::Warn("queries.live_not_cleared", {{"channel", channel}, {"why", done.error().message}});
}

void LiveQueries::OnTimer() {
  const MonotonicTime now = at_.loop.Now();
  at_.loop.timers().Schedule(*this, now + kTick);
  const std::int64_t seconds = at_.loop.clock().WallNow().ms / 1000;
  std::vector<std::pair<CohortPtr, NotFollowed>> over;
  for (const auto& [channel, cohort] : cohorts_) {
    if (cohort->events.awaited()) cohort->last_wanted = now;
    cohort->events.OnTick(now);
    const std::int64_t until = cohort->good_until;
    if (until != 0 && until <= seconds) {
      over.push_back({cohort, {NotFollowed::Why::kOldToken, "the token has expired"}});
    } else if (cohort->ready && !occupied_.contains(channel) && now - cohort->last_wanted > kLinger) {
      over.push_back({cohort, {NotFollowed::Why::kAway, "nobody follows it"}});
    }
  }
  for (auto& [cohort, why] : over) End(cohort, std::move(why));
  if (source_ == nullptr) return;
  if (cohorts_.empty()) {
    source_->SetWanted(false);
    footprints_.clear();
  } else if (!covers_ && now - covered_at_ > kCoverInterval) {
    covers_ = true;
    scope_.Spawn(CoverAnew(*this));
  }
}

// A trigger may have been dropped, or made; a partition may have come.
Task<void> LiveQueries::CoverAnew(LiveQueries& self) {
  const std::map<ServedPtr, FootprintPtr> known = self.footprints_;
  for (const auto& [served, before] : known) {
    const auto found = co_await self.FindFootprint(served);
    const bool away = !found && found.error().why == NotFollowed::Why::kAway;
    if (away || !self.served_.contains(served)) continue;
    if (found && (*found)->coverage == before->coverage) continue;
    const auto told = [](const Coverage& each) { return std::tie(each.why, each.keyed, each.why_not_keyed); };
    if (found && told((*found)->coverage) != told(before->coverage)) {
      self.LogCoverage(*served, (*found)->coverage);
    }
    std::vector<CohortPtr> cohorts;
    for (const auto& [channel, cohort] : self.cohorts_) {
      if (cohort->call.question.served == served) cohorts.push_back(cohort);
    }
    for (const CohortPtr& each : cohorts) {
      if (found) {
        self.Depend(each, *found);
      } else {
        self.End(each, found.error());
      }
    }
    if (found) {
      self.footprints_[served] = *found;
      self.Mark(std::move(cohorts), nullptr);
    } else {
      self.footprints_.erase(served);
    }
  }
  self.covers_ = false;
  self.covered_at_ = self.at_.loop.Now();
}

}  // namespace tidemill::queries::live
