#include "outbox/relay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/concurrently.h"
#include "base/log.h"
#include "net/next_turn.h"

namespace tidemill::outbox {
namespace {

constexpr std::size_t kPage = 500;
constexpr std::size_t kLanesAtOnce = 64;
constexpr Duration kFailurePause = Milliseconds(200);
constexpr Duration kMeasurePause = Seconds(1);
constexpr Duration kCountPause = Seconds(10);  // of all entries one by one, when there are too many

}  // namespace

Relay::Relay(net::Loop& loop, Store& store, std::vector<Sink*> sinks, RelayOptions options, Metrics& metrics)
    : loop_(loop),
      store_(store),
      sinks_(std::move(sinks)),
      options_(std::move(options)),
      metrics_(metrics),
      held_(options_.attempts_max, options_.retry_pause_max),
      problem_{.why = "its tables are not there yet", .since = loop.clock().Now()},
      look_pause_(loop),
      other_pause_(loop) {}

Relay::~Relay() = default;

void Relay::Start() { scope_.Spawn(Run(*this)); }

void Relay::Stop() {
  stopping_ = true;
  look_pause_.Wake();
  other_pause_.Wake();
}

void Relay::LookNow() {
  look_again_ = true;
  look_pause_.Wake();
}

void Relay::Hear(bool hears) {
  hears_ = hears;
  LookNow();
}

void Relay::HurryUp() {
  held_.HurryUp();
  measure_at_ = {};
  LookNow();
}

std::optional<Relay::Problem> Relay::problem() const {
  const std::lock_guard lock(mutex_);
  if (problem_.why.empty()) return std::nullopt;
  return problem_;
}

void Relay::SetProblem(std::string why) {
  const std::lock_guard lock(mutex_);
  if (problem_.why == why) return;
  if (!why.empty()) log::Warn("outbox.relay_failed", {{"error", why}});
  if (problem_.why.empty()) problem_.since = loop_.clock().Now();
  problem_.why = std::move(why);
}

bool Relay::IsBusy() const { return loop_.clock().Now() < busy_until_; }

void Relay::NoteFind(std::size_t entries) {
  const MonotonicTime now = loop_.clock().Now();
  if (now - found_since_ > kBusyWithin) {
    found_ = 0;
    found_since_ = now;
  }
  found_ += entries;
  if (found_ >= kBusyEntries) busy_until_ = now + kBusyFor;
}

// A reading that takes long is not done all the time, least of all where much waits behind held lanes.
Duration Relay::NextPause() const {
  const MonotonicTime now = loop_.clock().Now();
  Duration pause = IsBusy() ? kBusyPause : options_.interval;
  if (const auto next = held_.NextAt()) pause = std::min(pause, *next - now);
  pause = std::min(pause, renew_at_ - now);
  const std::int64_t share = held_.all().empty() ? 1 : 10;
  return std::max({pause, Milliseconds(look_took_.ms * share), kBusyPause});
}

Task<void> Relay::Run(Relay& self) {
  while (!self.stopping_) {
    const MonotonicTime asked_at = self.loop_.clock().Now();
    const auto epoch = co_await self.store_.Acquire(self.options_.node, self.options_.lease);
    if (self.stopping_) break;
    if (epoch) {
      self.BeginServing(*epoch, asked_at);
      co_await Serve(self);
      self.EndServing();
      continue;
    }
    const bool is_elsewhere = epoch.error().code == Errc::kPermissionDenied;
    self.SetProblem(is_elsewhere ? "" : epoch.error().detail);
    co_await self.other_pause_.For(is_elsewhere ? Milliseconds(self.options_.lease.ms / 4) : kFailurePause);
  }
  // Fails where it has none, or the store is away; then the lease runs out.
  (void)co_await self.store_.Release();
  self.ended_ = true;
}

void Relay::BeginServing(std::uint64_t epoch, MonotonicTime asked_at) {
  log::Info("outbox.relaying", {{"epoch", epoch}});
  SetProblem("");
  epoch_ = epoch;
  relays_ = true;
  rings_.reset();
  is_full_.reset();
  held_.Clear();
  sent_.clear();
  ExtendLease(asked_at);
  measure_at_ = count_at_ = {};
  metrics_.ShowRelaying(true);
}

// It may have begun to last as soon as it was asked for.
void Relay::ExtendLease(MonotonicTime asked_at) {
  renew_at_ = asked_at + Milliseconds(options_.lease.ms / 3);
}

void Relay::EndServing() {
  relays_ = false;
  metrics_.ShowRelaying(false);
  if (!stopping_) log::Warn("outbox.relay_lost", {{"epoch", epoch_}});
}

Task<void> Relay::Serve(Relay& self) {
  while (!self.stopping_) {
    self.look_again_ = false;
    const auto found = co_await Turn(self);
    if (!found && found.error().code == Errc::kPermissionDenied) co_return;
    self.SetProblem(found ? "" : found.error().detail);
    if (self.stopping_) co_return;
    if (!found) {
      co_await self.other_pause_.For(kFailurePause);
    } else if (!*found && !self.look_again_) {
      co_await self.look_pause_.For(self.NextPause());
    } else if (self.loop_.ShareSpent()) {
      co_await net::NextTurn(self.loop_);
    }
  }
}

// What is parked is counted before something more may be.
Task<Result<bool>> Relay::Turn(Relay& self) {
  if (self.loop_.clock().Now() >= self.measure_at_) {
    TM_CO_TRY(co_await Measure(self));
  }
  TM_CO_TRY_ASSIGN(const bool found, co_await Look(self));
  if (self.loop_.clock().Now() >= self.renew_at_) {
    TM_CO_TRY(co_await Finish(self, {}));
  }
  TM_CO_TRY(co_await SetRinging(self));
  co_return found;
}

Task<Result<bool>> Relay::Look(Relay& self) {
  const MonotonicTime begun = self.loop_.clock().Now();
  if (self.held_.IsFull() && *self.held_.NextAt() > begun) co_return false;
  TM_CO_TRY_ASSIGN(const std::vector<Entry> page, co_await self.store_.Load(kPage, self.held_.Names(begun)));
  self.look_took_ = self.loop_.clock().Now() - begun;
  if (page.empty()) {
    self.held_.LetGoOfDue(begun);
    co_return false;
  }
  // What has left and cannot be deleted is not looked for again at once.
  const bool is_new =
      std::ranges::any_of(page, [&self](const Entry& entry) { return !self.sent_.contains(entry.id); });
  if (is_new) self.NoteFind(page.size());
  // Sending may take long, and nobody is to ring meanwhile.
  if (self.IsBusy()) {
    TM_CO_TRY(co_await SetRinging(self));
  }
  const Duration busy_for = self.busy_until_ - self.loop_.clock().Now();
  TM_CO_TRY(co_await Finish(self, co_await SendAll(self, page)));
  if (busy_for.ms > 0) self.busy_until_ = self.loop_.clock().Now() + busy_for;
  co_return is_new;
}

std::vector<Relay::Lane> Relay::LanesOf(const std::vector<Entry>& page) const {
  std::vector<Lane> lanes;
  std::map<std::string, std::size_t, std::less<>> by_name;
  for (std::size_t i = 0; i < page.size(); ++i) {
    std::string name = LaneOf(page[i]);
    const auto [known, is_new] = by_name.emplace(name, lanes.size());
    if (is_new) lanes.push_back({.name = std::move(name), .entries = {}});
    lanes[known->second].entries.push_back(i);
  }
  return lanes;
}

Task<Finished> Relay::SendAll(Relay& self, const std::vector<Entry>& page) {
  const std::vector<Lane> lanes = self.LanesOf(page);
  Finished finished;
  const auto send = [&self, &page, &lanes, &finished](std::size_t i) {
    return SendLane(self, page, lanes[i], finished);
  };
  co_await api::ForEachConcurrently(lanes.size(), kLanesAtOnce, send);
  co_return finished;
}

// Long before the lease ends it is to be renewed, which goes with what has left by then.
Task<void> Relay::SendLane(Relay& self, const std::vector<Entry>& page, const Lane& lane,
                           Finished& finished) {
  for (const std::size_t i : lane.entries) {
    if (self.stopping_ || self.loop_.clock().Now() >= self.renew_at_) co_return;
    const Entry& entry = page[i];
    if (self.sent_.contains(entry.id)) {
      finished.sent.push_back(entry.id);
      continue;
    }
    Delivery delivery = co_await Send(self, entry);
    if (!self.Note(lane.name, entry, std::move(delivery), finished)) co_return;
    if (self.loop_.ShareSpent()) co_await net::NextTurn(self.loop_);
  }
}

Sink* Relay::FindSink(std::string_view name) const {
  const auto found = std::ranges::find(sinks_, name, &Sink::name);
  return found == sinks_.end() ? nullptr : *found;
}

Task<Delivery> Relay::Send(Relay& self, const Entry& entry) {
  Sink* const sink = self.FindSink(entry.sink);
  if (sink != nullptr) co_return co_await sink->Send(entry);
  co_return Delivery{.result = Delivery::Result::kRefused, .why = "there is no sink " + entry.sink};
}

bool Relay::Note(const std::string& lane, const Entry& entry, Delivery delivery, Finished& finished) {
  if (delivery.result == Delivery::Result::kSent) {
    sent_.insert(entry.id);
    finished.sent.push_back(entry.id);
    ++sent_by_[entry.sink];
    held_.LetGo(lane);
    metrics_.CountSent(entry.sink, loop_.clock().WallNow() - entry.created_at);
    return true;
  }
  const bool may_park = parked_ + finished.refused.size() < options_.parked_max;
  if (delivery.result == Delivery::Result::kFailed || !may_park) {
    if (!may_park) delivery.why += "; and outbox.parked_max entries are parked already";
    metrics_.CountFailed();
    const bool holds =
        held_.Hold(lane, entry, may_park ? sent_by_[entry.sink] : 0, delivery.why, loop_.clock().Now());
    if (holds || !may_park) return false;
    delivery.why = fmt::format("after {} attempts: {}", options_.attempts_max + 1, delivery.why);
  }
  log::Warn("outbox.parked",
            {{"id", entry.id}, {"sink", entry.sink}, {"target", entry.target}, {"why", delivery.why}});
  finished.refused.push_back({.id = entry.id, .reason = std::move(delivery.why)});
  held_.LetGo(lane);
  return true;
}

Task<Result<>> Relay::Finish(Relay& self, Finished finished) {
  const std::vector<std::int64_t> sent = finished.sent;
  const std::size_t parked = finished.refused.size();
  const MonotonicTime asked_at = self.loop_.clock().Now();
  const auto done = co_await self.store_.Finish(self.epoch_, std::move(finished));
  if (!done) {
    self.measure_at_ = {};  // it may have been done, and more be parked than is known
    co_return done;
  }
  for (const std::int64_t id : sent) self.sent_.erase(id);
  self.parked_ += parked;
  self.metrics_.CountParked(parked);
  self.ExtendLease(asked_at);
  co_return {};
}

Task<Result<>> Relay::Measure(Relay& self) {
  TM_CO_TRY_ASSIGN(const Depth depth, co_await self.store_.Measure());
  const MonotonicTime now = self.loop_.clock().Now();
  self.measure_at_ = now + kMeasurePause;
  self.parked_ = depth.parked;
  self.metrics_.Show(depth);
  bool is_full = depth.waiting > self.options_.depth_max;
  const bool must_count = is_full && depth.waiting > Store::kExactMax;
  if (must_count && self.is_full_ && now < self.count_at_) {
    is_full = *self.is_full_;
  } else if (must_count) {
    self.count_at_ = now + kCountPause;
    TM_CO_TRY_ASSIGN(is_full, co_await self.store_.IsDeeperThan(self.options_.depth_max));
  }
  if (!is_full && self.is_full_ == is_full) co_return {};
  // Again while it is full: what is put back opens it (Store::Retry).
  TM_CO_TRY(co_await self.store_.Admit(self.epoch_, self.options_.depth_max, is_full));
  if (is_full && self.is_full_ != is_full)
    log::Error("outbox.full", {{"depth_max", self.options_.depth_max}});
  self.is_full_ = is_full;
  co_return {};
}

Task<Result<>> Relay::SetRinging(Relay& self) {
  const bool wanted = self.hears_ && !self.IsBusy();
  if (self.rings_ == wanted) co_return {};
  TM_CO_TRY(co_await self.store_.Ring(self.epoch_, wanted));
  self.rings_ = wanted;
  self.look_again_ = self.look_again_ || wanted;
  co_return {};
}

}  // namespace tidemill::outbox
