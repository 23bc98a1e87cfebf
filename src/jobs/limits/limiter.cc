#include "jobs/limits/limiter.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tidemill::jobs {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

std::int64_t Ns(MonotonicTime at) { return at.ms * kNsPerMs; }
// Rounded up: never before its time.
MonotonicTime FromNs(std::int64_t ns) { return {(ns + kNsPerMs - 1) / kNsPerMs}; }
std::int64_t Interval(const Rate& rate) {
  return std::max<std::int64_t>(rate.period.ms * kNsPerMs / rate.count, 1);
}
int Burst(const Rate& rate) { return rate.burst > 0 ? rate.burst : rate.count; }

}  // namespace

struct Limiter::Key {
  std::string name;
  std::int64_t held = 0;
  Arrival arrival = 0;
  std::deque<ParkedJob> parked;
  JobId offered;               // it was taken, and is not admitted yet; 0: none
  bool has_turn = false;       // it is in turns_
  std::int64_t wakes_at = -1;  // where it is in wakes_; -1: it is not
};

Limiter::Limiter(QueueLimits limits, Options options) : limits_(std::move(limits)), options_(options) {}
Limiter::~Limiter() = default;

void Limiter::SetLimits(QueueLimits limits) {
  limits_ = std::move(limits);
  wanted_weight_ = 1;
  arrival_ = 0;
  if (limits_.hold_for == Duration()) held_until_.clear();
  for (auto& [name, key] : keys_) {
    key->arrival = 0;
    if (!key->parked.empty()) LetTakeTurn(*key);
  }
}

std::int64_t Limiter::AllowedAt(Arrival arrival, const Rate& rate, int weight, MonotonicTime now) {
  const std::int64_t after = After(arrival, rate, weight, now);
  return after - Burst(rate) * Interval(rate);
}

Limiter::Arrival Limiter::After(Arrival arrival, const Rate& rate, int weight, MonotonicTime now) {
  return std::max(arrival, Ns(now)) + Clamp(weight, Burst(rate)) * Interval(rate);
}

bool Limiter::IsAtConcurrency(int weight) const {
  return limits_.concurrency > 0 && held_units_ + Clamp(weight, limits_.concurrency) > limits_.concurrency;
}

bool Limiter::QueueHasRoom(int weight, MonotonicTime now) const {
  if (IsAtConcurrency(weight)) return false;
  return !limits_.rate || AllowedAt(arrival_, *limits_.rate, weight, now) <= Ns(now);
}

bool Limiter::WorkerHasRoom(std::string_view wid, int weight) const {
  if (limits_.worker_concurrency == 0) return true;
  const auto found = workers_.find(std::string(wid));
  if (found == workers_.end()) return true;
  const int wanted = Clamp(std::max(weight, found->second.wanted_weight), limits_.worker_concurrency);
  return found->second.units + wanted <= limits_.worker_concurrency;
}

bool Limiter::IsKeyAtConcurrency(const Key& key, int weight) const {
  const int limit = limits_.key_concurrency;
  return limit > 0 && key.held + Clamp(weight, limit) > limit;
}

bool Limiter::KeyHasRoom(const Key& key, int weight, MonotonicTime now) const {
  if (IsKeyAtConcurrency(key, weight)) return false;
  return !limits_.key_rate || AllowedAt(key.arrival, *limits_.key_rate, weight, now) <= Ns(now);
}

bool Limiter::MayFetch(std::string_view wid, MonotonicTime now) const {
  return QueueHasRoom(wanted_weight_, now) && WorkerHasRoom(wid, 1);
}

Limiter::Key* Limiter::FindKey(std::string_view name) const {
  const auto found = keys_.find(name);
  return found == keys_.end() ? nullptr : found->second.get();
}

Limiter::Key& Limiter::MakeKey(std::string_view name) {
  if (Key* const key = FindKey(name)) return *key;
  auto made = std::make_unique<Key>(Key{.name = std::string(name)});
  Key& key = *made;
  keys_.emplace(key.name, std::move(made));
  return key;
}

void Limiter::LeftOut(MonotonicTime now) {
  if (QueueHasRoom(wanted_weight_, now)) {
    ++held_back_.worker_concurrency;
  } else {
    CountForQueue(wanted_weight_);
  }
}

void Limiter::CountForQueue(int weight) {
  ++(IsAtConcurrency(weight) ? held_back_.concurrency : held_back_.rate);
}

// One that stands behind others of its key waits for what these wait for.
void Limiter::CountForKey(const Key* key, int weight) {
  if (key == nullptr) {
    ++held_back_.keys;
  } else {
    const bool is_rate = limits_.key_rate && !IsKeyAtConcurrency(*key, weight);
    ++(is_rate ? held_back_.key_rate : held_back_.key_concurrency);
  }
}

Limiter::Verdict Limiter::Admit(const Ask& ask, MonotonicTime now) {
  if (!QueueHasRoom(ask.weight, now)) {
    CountForQueue(ask.weight);
    wanted_weight_ = ask.weight;
    return Verdict::kQueue;
  }
  wanted_weight_ = 1;
  if (const auto worker = workers_.find(std::string(ask.wid)); worker != workers_.end()) {
    worker->second.wanted_weight = 1;
    if (!WorkerHasRoom(ask.wid, ask.weight)) {
      worker->second.wanted_weight = ask.weight;
      ++held_back_.worker_concurrency;
      return Verdict::kWorker;
    }
  }
  const bool was_parked = offered_.contains(ask.id.value());
  if (!ask.key.empty() && limits_.limits_keys()) {
    const Key* const key = FindKey(ask.key);
    const bool is_held_back = key == nullptr
                                  ? keys_.size() >= options_.keys_max || (!keyless_.empty() && !was_parked)
                                  : ((!key->parked.empty() || key->offered != JobId(0)) && !was_parked) ||
                                        !KeyHasRoom(*key, ask.weight, now);
    if (is_held_back) {
      CountForKey(key, ask.weight);
      return Verdict::kKey;
    }
  }
  Take(ask, now);
  EndOffer(ask.id);
  return Verdict::kRun;
}

void Limiter::Hold(const Ask& ask, MonotonicTime now) {
  if (!held_.contains(ask.id.value())) Take(ask, now);
}

void Limiter::Take(const Ask& ask, MonotonicTime now) {
  Key* key = nullptr;
  if (!ask.key.empty() && limits_.limits_keys()) {
    key = &MakeKey(ask.key);
    key->held += ask.weight;
    if (limits_.key_rate) key->arrival = After(key->arrival, *limits_.key_rate, ask.weight, now);
  }
  held_units_ += ask.weight;
  if (limits_.rate) arrival_ = After(arrival_, *limits_.rate, ask.weight, now);
  workers_[std::string(ask.wid)].units += ask.weight;
  Held& held = held_[ask.id.value()];
  held = {.key = key, .wid = std::string(ask.wid), .weight = ask.weight, .until = {}};
  if (limits_.hold_for == Duration()) return;
  held.until = now + limits_.hold_for;
  held_until_.emplace(*held.until, ask.id);
}

bool Limiter::Release(JobId id, MonotonicTime now) {
  const auto found = held_.find(id.value());
  if (found == held_.end()) return false;
  const Held held = std::move(found->second);
  held_.erase(found);
  if (held.until) held_until_.erase({*held.until, id});
  held_units_ -= held.weight;
  const auto worker = workers_.find(held.wid);
  worker->second.wanted_weight = 1;
  if ((worker->second.units -= held.weight) == 0) workers_.erase(worker);
  if (held.key == nullptr) return true;
  held.key->held -= held.weight;
  if (!held.key->parked.empty()) {
    LetTakeTurn(*held.key);
  } else if (!held.key->has_turn) {
    Review(*held.key, now);
  }
  return true;
}

void Limiter::WakeAt(Key& key, std::int64_t at) {
  if (key.wakes_at >= 0) wakes_.erase({key.wakes_at, &key});
  key.wakes_at = at;
  wakes_.insert({at, &key});
}

void Limiter::LetTakeTurn(Key& key) {
  if (key.offered != JobId(0)) return;
  if (!std::exchange(key.has_turn, true)) turns_.push_back(&key);
}

bool Limiter::EndOffer(JobId id) {
  const auto found = offered_.find(id.value());
  if (found == offered_.end()) return false;
  Key* const key = found->second;
  offered_.erase(found);
  if (key != nullptr) {
    key->offered = JobId(0);
    LetTakeTurn(*key);  // it is looked at, and forgotten if it has nothing
  }
  return true;
}

void Limiter::Dropped(JobId id) { EndOffer(id); }

void Limiter::Park(ParkedJob job) {
  const bool is_kept =
      queue::IsInMemory(job.entry.id) || parked_bytes_ + job.entry.text.size() <= options_.text_bytes_max;
  if (!is_kept) job.entry.text = std::string();
  parked_bytes_ += job.entry.text.size();
  ++parked_count_;
  const bool was_parked = EndOffer(job.entry.id);
  Key* const key = FindKey(job.key);
  if (key == nullptr && (keys_.size() >= options_.keys_max || !keyless_.empty())) {
    keyless_.push_back(std::move(job));
    return;
  }
  Key& its = key != nullptr ? *key : MakeKey(job.key);
  if (was_parked) {
    its.parked.push_front(std::move(job));
  } else {
    its.parked.push_back(std::move(job));
  }
  blocked_.insert(&its);
  LetTakeTurn(its);
}

ParkedJob Limiter::Unpark(Key* key) {
  std::deque<ParkedJob>& from = key == nullptr ? keyless_ : key->parked;
  ParkedJob job = std::move(from.front());
  from.pop_front();
  if (key != nullptr && from.empty()) blocked_.erase(key);
  --parked_count_;
  parked_bytes_ -= job.entry.text.size();
  return job;
}

std::optional<ParkedJob> Limiter::TakeParked(MonotonicTime now) {
  Advance(now);
  const auto take = [&](Key* key) {
    ParkedJob job = Unpark(key);
    offered_.emplace(job.entry.id.value(), key);
    if (key != nullptr) key->offered = job.entry.id;
    return job;
  };
  for (std::size_t left = turns_.size(); left > 0; --left) {
    Key& key = *turns_.front();
    turns_.pop_front();
    key.has_turn = false;
    if (key.parked.empty()) {
      Review(key, now);
      continue;
    }
    if (KeyHasRoom(key, key.parked.front().weight, now)) {
      return take(&key);
    }
    Review(key, now);
  }
  if (!keyless_.empty() && keys_.size() < options_.keys_max) return take(nullptr);
  return std::nullopt;
}

std::optional<ParkedJob> Limiter::TakeAnyParked() {
  if (!keyless_.empty()) return Unpark(nullptr);
  if (blocked_.empty()) return std::nullopt;
  return Unpark(*blocked_.begin());
}

void Limiter::Review(Key& key, MonotonicTime now) {
  if (!key.parked.empty()) {
    // With tokens missing it is looked at in time; otherwise when one of its jobs is released.
    if (!limits_.key_rate) return;
    const std::int64_t at = AllowedAt(key.arrival, *limits_.key_rate, key.parked.front().weight, now);
    if (at > Ns(now)) WakeAt(key, at);
    return;
  }
  if (key.held > 0 || key.wakes_at >= 0 || key.offered != JobId(0)) return;
  if (key.arrival > Ns(now)) return WakeAt(key, key.arrival);
  TM_ASSERT(!key.has_turn);
  keys_.erase(keys_.find(key.name));
}

void Limiter::Advance(MonotonicTime now) {
  while (!held_until_.empty() && held_until_.begin()->first <= now) {
    Release(held_until_.begin()->second, now);
  }
  while (!wakes_.empty() && wakes_.begin()->first <= Ns(now)) {
    Key& key = *wakes_.begin()->second;
    wakes_.erase(wakes_.begin());
    key.wakes_at = -1;
    if (!key.parked.empty()) {
      LetTakeTurn(key);
    } else if (!key.has_turn) {
      Review(key, now);
    }
  }
}

std::optional<MonotonicTime> Limiter::NextChange(MonotonicTime now) const {
  std::optional<MonotonicTime> next;
  const auto consider = [&](MonotonicTime at) {
    if (!next || at < *next) next = at;
  };
  if (!held_until_.empty()) consider(held_until_.begin()->first);
  if (!wakes_.empty()) consider(FromNs(wakes_.begin()->first));
  if (limits_.rate) {
    const std::int64_t at = AllowedAt(arrival_, *limits_.rate, wanted_weight_, now);
    if (at > Ns(now)) consider(FromNs(at));
  }
  return next;
}

const ParkedJob* Limiter::FindParked(JobId id) const {
  const auto find = [id](const std::deque<ParkedJob>& parked) -> const ParkedJob* {
    const auto found =
        std::ranges::find_if(parked, [id](const ParkedJob& job) { return job.entry.id == id; });
    return found == parked.end() ? nullptr : &*found;
  };
  if (const ParkedJob* const job = find(keyless_)) return job;
  for (const Key* const key : blocked_) {
    if (const ParkedJob* const job = find(key->parked)) return job;
  }
  return nullptr;
}

std::vector<Limiter::KeyView> Limiter::BlockedKeys(std::size_t count) const {
  std::vector<KeyView> views;
  for (const Key* const key : blocked_) {
    if (views.size() == count) break;
    views.push_back({.key = key->name, .held = key->held, .parked = key->parked.size()});
  }
  return views;
}

}  // namespace tidemill::jobs
