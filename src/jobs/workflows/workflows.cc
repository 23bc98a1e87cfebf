#include "jobs/workflows/workflows.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/json.h"
#include "jobs/workflows/entry.h"
#include "jobs/workflows/inputs.h"
#include "jobs/workflows/is_node.h"

namespace tidemill::jobs {

Workflows::Workflows(Options options) : options_(options), signals_(options.signal_for) {}
Workflows::~Workflows() = default;

Workflows::Entry* Workflows::FindEntry(std::string_view jid) const {
  const auto found = nodes_.find(jid);
  return found == nodes_.end() ? nullptr : found->second.get();
}

Result<> Workflows::Check(const job::Job& job) {
  if (!IsNode(job)) return {};
  if (const Entry* const known = FindEntry(job.jid);
      known != nullptr && (!known->node.has_ended() || known->wanted_by > 0)) {
    return Fail(Errc::kAlreadyExists,
                fmt::format("job {} is there already, and others may wait for it; use another jid", job.jid));
  }
  for (const std::string& jid : job.flow->depends_on) {
    if (jid != job.jid && FindEntry(jid) != nullptr) continue;
    return Fail(Errc::kNotFound, fmt::format("custom.depends_on: job {} is not known; push it first, with a "
                                             "custom.workflow, so that its end is remembered",
                                             jid));
  }
  if (!MakeRoom(1)) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("at most {} jobs that wait, or belong to a workflow (jobs.workflow_jobs_max)",
                            options_.nodes_max));
  }
  return {};
}

bool Workflows::MakeRoom(std::size_t count) {
  while (nodes_.size() + count > options_.nodes_max && !ended_.empty()) Forget(*ended_.front());
  return nodes_.size() + count <= options_.nodes_max;
}

Result<Workflows::Added> Workflows::Add(const job::Job& job, JobId id, WallTime now) {
  if (!IsNode(job)) return Added::kNoNode;
  TM_TRY(Check(job));
  if (Entry* const before = FindEntry(job.jid)) Forget(*before);
  auto made = std::make_unique<Entry>();
  Entry& entry = *made;
  const job::Flow& flow = *job.flow;
  entry.node = {.jid = job.jid,
                .id = id,
                .queue = job.queue,
                .workflow = flow.workflow,
                .name = flow.node,
                .depends_on = flow.depends_on,
                .signals = flow.signals,
                .on_timeout = flow.on_timeout,
                .on_failure = flow.on_failure,
                .sequence = flow.sequence_key,
                .on_dead = flow.on_dead};
  if (flow.signals_within > Duration()) entry.node.signals_until = now + flow.signals_within;
  nodes_.emplace(entry.node.jid, std::move(made));
  Link(entry);
  // Whoever is handed results or payloads is released, even when all of them are there already.
  const bool is_blocked = !flow.depends_on.empty() || !flow.signals.empty() || !HasTurn(entry);
  SetState(entry, is_blocked ? NodeState::kBlocked : NodeState::kOpen, now);
  Consider(entry);
  return is_blocked ? Added::kBlocked : Added::kOpen;
}

bool Workflows::IsMet(const Entry& entry, const std::string& dependency) const {
  const Entry* const other = FindEntry(dependency);
  // Not there: its end was forgotten, which happens to those that have ended only.
  if (other == nullptr || other->node.state == NodeState::kDone) return true;
  const bool failed = other->node.state == NodeState::kDead || other->node.state == NodeState::kGone;
  return failed && entry.node.on_failure == job::Flow::OnFailure::kRun;
}

std::string_view Workflows::TimedOut(const Entry& entry) const {
  if (!entry.is_timed_out || entry.node.on_timeout != job::Flow::OnTimeout::kFail) return {};
  const auto missing =
      std::ranges::find_if(entry.node.signals, [&](const std::string& name) { return !signals_.Has(name); });
  return missing == entry.node.signals.end() ? std::string_view() : std::string_view(*missing);
}

bool Workflows::MustCancel(const Entry& entry) const {
  if (!TimedOut(entry).empty()) return true;
  return entry.node.on_failure == job::Flow::OnFailure::kCancel &&
         std::ranges::any_of(entry.node.depends_on, [&](const std::string& jid) {
           const Entry* const other = FindEntry(jid);
           return other != nullptr &&
                  (other->node.state == NodeState::kDead || other->node.state == NodeState::kGone);
         });
}

bool Workflows::HasTurn(const Entry& entry) const {
  if (entry.node.sequence.empty()) return true;
  const auto found = sequences_.find(entry.node.sequence);
  return found == sequences_.end() || found->second.begin()->second == &entry;
}

bool Workflows::IsFree(const Entry& entry) const {
  if (entry.is_forced) return true;
  return HasTurn(entry) &&
         std::ranges::all_of(entry.node.depends_on, [&](const auto& jid) { return IsMet(entry, jid); }) &&
         (entry.is_timed_out ||
          std::ranges::all_of(entry.node.signals, [&](const auto& name) { return signals_.Has(name); }));
}

void Workflows::Link(Entry& entry) {
  entry.is_linked = true;
  for (const std::string& jid : entry.node.depends_on) {
    Entry* const other = FindEntry(jid);
    if (other == nullptr) continue;
    ++other->wanted_by;
    PlaceInList(*other);
    if (!other->node.has_ended()) other->dependents.push_back(entry.node.jid);
    // Somebody wants its end: the store is not to drop it.
    if (other->node.has_ended() && other->wanted_by == 1) MarkChanged(*other);
  }
  for (const std::string& name : entry.node.signals) {
    signals_.Want(name);
    if (!signals_.Has(name)) signal_waiters_[name].emplace(entry.node.id, entry.node.jid);
  }
  if (entry.node.signals_until) timeouts_.emplace(*entry.node.signals_until, entry.node.jid);
  if (!entry.node.sequence.empty()) sequences_[entry.node.sequence].emplace(entry.node.id, &entry);
  if (!entry.node.workflow.empty()) workflows_[entry.node.workflow].emplace(entry.node.id, &entry);
}

// It waits no more. Its place in a sequence stays until its end.
void Workflows::Unlink(Entry& entry, WallTime now) {
  if (!std::exchange(entry.is_linked, false)) return;
  if (entry.node.signals_until) timeouts_.erase({*entry.node.signals_until, entry.node.jid});
  for (const std::string& jid : entry.node.depends_on) {
    Entry* const other = FindEntry(jid);
    if (other == nullptr) continue;
    --other->wanted_by;
    Rest(*other, now);
  }
  for (const std::string& name : entry.node.signals) {
    signals_.Unwant(name);
    const auto found = signal_waiters_.find(name);
    if (found == signal_waiters_.end()) continue;
    found->second.erase(entry.node.id);
    if (found->second.empty()) signal_waiters_.erase(found);
  }
}

void Workflows::LeaveSequence(Entry& entry) {
  const auto found = sequences_.find(entry.node.sequence);
  if (entry.node.sequence.empty() || found == sequences_.end()) return;
  const bool had_turn = found->second.begin()->second == &entry;
  if (found->second.erase(entry.node.id) == 0) return;
  if (found->second.empty()) {
    sequences_.erase(found);
  } else if (had_turn) {
    Consider(*found->second.begin()->second);
  }
}

void Workflows::Consider(Entry& entry) {
  if (entry.node.state != NodeState::kBlocked || entry.is_queued) return;
  if (!entry.is_forced && MustCancel(entry)) {
    entry.is_queued = true;
    cancelled_.push_back(entry.node.jid);
  } else if (IsFree(entry)) {
    entry.is_queued = true;
    ready_.push_back(entry.node.jid);
  }
}

void Workflows::SetState(Entry& entry, NodeState state, WallTime now) {
  entry.node.state = state;
  entry.node.changed_at = now;
  MarkChanged(entry);
  PlaceInList(entry);
}

void Workflows::PlaceInList(Entry& entry) {
  entry.queue::FifoLink::Unlink();
  if (entry.node.state == NodeState::kDead) {
    dead_.PushBack(entry);
  } else if (entry.node.has_ended() && entry.wanted_by == 0 && entry.tells == 0) {
    ended_.PushBack(entry);
  }
}

void Workflows::MarkChanged(Entry& entry) {
  if (!std::exchange(entry.is_changed, true)) changed_.push_back(entry.node.jid);
}

void Workflows::KeepResult(Entry& entry, std::string_view result) {
  if (result.size() > options_.result_bytes_max) return;
  if (AllBytes() + result.size() > options_.all_results_bytes_max) return;
  result_bytes_ += result.size();
  entry.node.result = result;
}

bool Workflows::Drop(std::string_view jid, JobId id, WallTime now) {
  Entry* const entry = FindEntry(jid);
  if (entry == nullptr || entry->node.id != id) return false;
  LeaveWorkflow(*entry);  // it was never there
  End(jid, NodeEnd::kGone, "", now);
  return true;
}

void Workflows::End(std::string_view jid, NodeEnd end, std::string_view result, WallTime now) {
  Entry* const entry = FindEntry(jid);
  if (entry == nullptr || entry->node.has_ended()) return;
  Unlink(*entry, now);
  if (end == NodeEnd::kDone) KeepResult(*entry, result);
  if (!entry->dependents.empty()) {
    ++entry->tells;
    tells_.push_back({.jid = entry->node.jid, .waiters = {}});
  }
  SetState(*entry,
           end == NodeEnd::kDone   ? NodeState::kDone
           : end == NodeEnd::kDead ? NodeState::kDead
                                   : NodeState::kGone,
           now);
  if (end != NodeEnd::kDead || entry->node.on_dead == job::Flow::OnDead::kSkip) LeaveSequence(*entry);
  if (entry->node.workflow.empty()) Rest(*entry, now);
}

void Workflows::Rest(Entry& entry, WallTime now) {
  if (!entry.node.has_ended() || entry.wanted_by > 0 || entry.tells > 0) return;
  if (entry.node.workflow.empty()) return Forget(entry);
  SetState(entry, entry.node.state, now);
}

void Workflows::Revive(std::string_view jid, WallTime now) {
  Entry* const entry = FindEntry(jid);
  if (entry != nullptr && entry->node.state == NodeState::kDead) SetState(*entry, NodeState::kOpen, now);
}

Result<> Workflows::Signal(std::string_view name, std::string payload, WallTime now) {
  TM_TRY(CheckSignal(name, payload, options_.result_bytes_max));
  const std::string* const before = signals_.PayloadOf(name);
  if (before == nullptr && signals_.size() >= options_.signals_max) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("at most {} signals at a time (jobs.signals_max)", options_.signals_max));
  }
  const std::size_t others = AllBytes() - (before == nullptr ? 0 : before->size());
  if (others + payload.size() > options_.all_results_bytes_max) {
    return Fail(Errc::kLimitExceeded, fmt::format("results and signals have at most {} bytes together",
                                                  options_.all_results_bytes_max));
  }
  const auto waiting = signal_waiters_.find(name);
  const std::size_t wanted_by = waiting == signal_waiters_.end() ? 0 : waiting->second.size();
  signals_.Set(name, std::move(payload), wanted_by, now);
  if (wanted_by > 0) {
    tells_.push_back({.jid = {}, .waiters = std::move(waiting->second)});
    signal_waiters_.erase(waiting);
  }
  return {};
}

bool Workflows::Force(std::string_view jid) {
  Entry* const entry = FindEntry(jid);
  if (entry == nullptr || entry->node.state != NodeState::kBlocked) return false;
  entry->is_forced = true;
  Consider(*entry);
  return true;
}

Result<> Workflows::Skip(std::string_view sequence, WallTime now) {
  const auto found = sequences_.find(sequence);
  if (found == sequences_.end()) {
    return Fail(Errc::kNotFound, fmt::format("no sequence {}", sequence));
  }
  Entry& head = *found->second.begin()->second;
  if (head.node.state != NodeState::kDead) {
    return Fail(Errc::kInvalidArgument, fmt::format("sequence {} is not halted: its job {} is {}", sequence,
                                                    head.node.jid, Name(head.node.state)));
  }
  // From now on it is one that is passed over, also after a start.
  head.node.on_dead = job::Flow::OnDead::kSkip;
  SetState(head, NodeState::kDead, now);
  LeaveSequence(head);
  return {};
}

void Workflows::LeaveWorkflow(Entry& entry) {
  const auto found = workflows_.find(entry.node.workflow);
  if (entry.node.workflow.empty() || found == workflows_.end()) return;
  found->second.erase(entry.node.id);
  if (found->second.empty()) workflows_.erase(found);
  entry.node.workflow.clear();
}

void Workflows::Forget(Entry& entry) {
  LeaveSequence(entry);
  LeaveWorkflow(entry);
  result_bytes_ -= entry.node.result.size();
  deleted_.push_back({std::string(kNodeKind), entry.node.jid});
  nodes_.erase(nodes_.find(entry.node.jid));
}

std::optional<WallTime> Workflows::next_timeout() const {
  return timeouts_.empty() ? std::nullopt : std::optional(timeouts_.begin()->first);
}

bool Workflows::Expire(WallTime now, std::size_t count) {
  while (!timeouts_.empty() && timeouts_.begin()->first <= now) {
    if (count-- == 0) return true;
    Entry* const entry = FindEntry(timeouts_.begin()->second);
    timeouts_.erase(timeouts_.begin());
    entry->is_timed_out = true;
    Consider(*entry);
  }
  while (Entry* const entry = ended_.front()) {
    if (entry->node.changed_at + options_.ended_for > now) break;
    if (count-- == 0) return true;
    Forget(*entry);
  }
  while (Entry* const entry = dead_.front()) {
    if (entry->node.changed_at + options_.dead_for > now) break;
    if (count-- == 0) return true;
    End(entry->node.jid, NodeEnd::kGone, "", now);
  }
  return signals_.Expire(now, count, deleted_);
}

std::shared_ptr<void> Workflows::Clear() {
  struct Memory {
    decltype(nodes_) nodes;
    decltype(workflows_) workflows;
    decltype(sequences_) sequences;
    std::shared_ptr<void> signals;
    decltype(signal_waiters_) signal_waiters;
    decltype(timeouts_) timeouts;
    decltype(tells_) tells;
    queue::FifoList<Entry> ended;
    queue::FifoList<Entry> dead;
  };
  auto memory = std::make_shared<Memory>();
  memory->nodes.swap(nodes_);
  memory->workflows.swap(workflows_);
  memory->sequences.swap(sequences_);
  memory->signals = signals_.Clear();
  memory->signal_waiters.swap(signal_waiters_);
  memory->timeouts.swap(timeouts_);
  memory->ended.TakeFrom(ended_);
  memory->dead.TakeFrom(dead_);
  memory->tells.swap(tells_);
  ready_.clear();
  cancelled_.clear();
  changed_.clear();
  deleted_.clear();
  result_bytes_ = 0;
  recovery_pass_ = 0;
  recovered_ = 0;
  loaded_.clear();
  blocked_by_queue_.clear();
  return memory;
}

bool Workflows::AdvanceOne(Tell& tell, std::size_t& count) {
  const auto consider = [this](const std::string& jid) {
    if (Entry* const entry = FindEntry(jid)) Consider(*entry);
  };
  for (; !tell.waiters.empty(); --count) {
    if (count == 0) return false;
    consider(tell.waiters.begin()->second);
    tell.waiters.erase(tell.waiters.begin());
  }
  const Entry* const of = FindEntry(tell.jid);
  for (; of != nullptr && tell.told < of->dependents.size(); --count) {
    if (count == 0) return false;
    consider(of->dependents[tell.told++]);
  }
  return true;
}

bool Workflows::Advance(std::size_t count, WallTime now) {
  while (!tells_.empty()) {
    if (!AdvanceOne(tells_.front(), count)) return true;
    Entry* const of = FindEntry(tells_.front().jid);
    tells_.pop_front();
    if (of == nullptr) continue;
    --of->tells;
    // A dead one may still be run again, and then succeed.
    if (of->node.has_ended() && of->tells == 0) of->dependents = {};
    Rest(*of, now);
  }
  return false;
}

std::vector<Workflows::Ready> Workflows::Take(std::deque<std::string>& from, std::size_t count,
                                              bool cancelled) {
  std::vector<Ready> taken;
  while (!from.empty() && taken.size() < count) {
    Entry* const entry = FindEntry(from.front());
    from.pop_front();
    if (entry == nullptr || entry->node.state != NodeState::kBlocked) continue;
    // What it depended on may have been run again since.
    if (cancelled ? entry->is_forced || !MustCancel(*entry) : !IsFree(*entry)) {
      entry->is_queued = false;
      Consider(*entry);
      continue;
    }
    taken.push_back({.jid = entry->node.jid,
                     .id = entry->node.id,
                     .timed_out = std::string(cancelled ? TimedOut(*entry) : std::string_view())});
  }
  return taken;
}

std::vector<Workflows::Ready> Workflows::TakeReady(std::size_t count) { return Take(ready_, count, false); }
std::vector<Workflows::Ready> Workflows::TakeCancelled(std::size_t count) {
  return Take(cancelled_, count, true);
}

// What those that it depended on have left, and the payloads of signals: one that has not come has none.
Workflows::Inputs Workflows::InputsOf(const Entry& entry) const {
  std::size_t room = options_.inputs_bytes_max;
  const auto hand_on = [&room](std::string_view json, Input& input) {
    if (json.size() > room) return;
    room -= json.size();
    input.json = json;
  };
  std::vector<Input> results;
  for (const std::string& dependency : entry.node.depends_on) {
    Input& result = results.emplace_back(dependency);
    const Entry* const other = FindEntry(dependency);
    if (other == nullptr) continue;
    if (!other->node.name.empty()) result.name = other->node.name;
    hand_on(other->node.result, result);
    result.is_missing = other->node.state != NodeState::kDone;
  }
  std::vector<Input> payloads;
  for (const std::string& name : entry.node.signals) {
    Input& payload = payloads.emplace_back(name);
    const std::string* const came = signals_.PayloadOf(name);
    payload.is_missing = came == nullptr && entry.is_timed_out;
    if (came != nullptr) hand_on(*came, payload);
  }
  return {.results = ObjectOf(results),
          .signals = ObjectOf(payloads),
          .failed = MissingOf(results),
          .timed_out = MissingOf(payloads)};
}

std::optional<Workflows::Inputs> Workflows::Release(std::string_view jid, WallTime now) {
  Entry* const entry = FindEntry(jid);
  if (entry == nullptr || entry->node.state != NodeState::kBlocked) return std::nullopt;
  Inputs inputs = InputsOf(*entry);
  entry->is_queued = false;
  Unlink(*entry, now);
  SetState(*entry, NodeState::kOpen, now);
  return inputs;
}

void Workflows::Return(std::string_view jid) {
  Entry* const entry = FindEntry(jid);
  if (entry == nullptr || !entry->is_queued) return;
  entry->is_queued = false;
  Consider(*entry);
}

Workflows::Output Workflows::Gather() {
  Output output{.deletes = std::exchange(deleted_, {})};
  for (const std::string& jid : std::exchange(changed_, {})) {
    Entry* const entry = FindEntry(jid);
    if (entry == nullptr || !std::exchange(entry->is_changed, false)) continue;
    std::optional<WallTime> expires_at;
    if (entry->node.has_ended() && entry->wanted_by == 0)
      expires_at = entry->node.changed_at + options_.ended_for;
    if (entry->node.state == NodeState::kDead) expires_at = entry->node.changed_at + options_.dead_for;
    output.records.push_back(EncodeNode(entry->node, expires_at));
  }
  for (Record& record : signals_.Gather()) output.records.push_back(std::move(record));
  return output;
}

Result<> Workflows::Load(const Record& record) {
  if (record.kind == kSignalKind) return signals_.Load(record);
  if (record.kind != kNodeKind) return Fail(Errc::kInvalidArgument, "no node and no signal");
  auto entry = std::make_unique<Entry>();
  TM_TRY_ASSIGN(entry->node, DecodeNode(record));
  if (nodes_.contains(entry->node.jid)) return Fail(Errc::kInvalidArgument, "a node that is there already");
  result_bytes_ += entry->node.result.size();
  loaded_.push_back(entry.get());
  const std::string_view jid = entry->node.jid;
  nodes_.emplace(jid, std::move(entry));
  return {};
}

void Workflows::RecoverLinks(Entry& entry) {
  const Node& node = entry.node;
  if (node.state == NodeState::kBlocked) {
    ++blocked_by_queue_[node.queue];
    return Link(entry);
  }
  if (!node.workflow.empty()) workflows_[node.workflow].emplace(node.id, &entry);
  const bool in_sequence = node.state == NodeState::kOpen ||
                           (node.state == NodeState::kDead && node.on_dead == job::Flow::OnDead::kHalt);
  if (in_sequence && !node.sequence.empty()) sequences_[node.sequence].emplace(node.id, &entry);
}

// Who is free shows once all are linked.
bool Workflows::Recover(std::size_t count) {
  for (; recovery_pass_ < 2; ++recovery_pass_, recovered_ = 0) {
    for (; recovered_ < loaded_.size(); ++recovered_) {
      if (count-- == 0) return true;
      Entry& entry = *loaded_[recovered_];
      if (recovery_pass_ == 0) {
        RecoverLinks(entry);
      } else {
        Consider(entry);
        PlaceInList(entry);
      }
    }
  }
  loaded_ = {};
  return false;
}

NodeView Workflows::ViewOf(const Entry& entry) const {
  NodeView view{.node = entry.node};
  if (entry.node.state != NodeState::kBlocked) return view;
  for (const std::string& jid : entry.node.depends_on) {
    if (!IsMet(entry, jid)) view.missing_jobs.push_back(jid);
  }
  for (const std::string& name : entry.node.signals) {
    if (!signals_.Has(name)) view.missing_signals.push_back(name);
  }
  if (!HasTurn(entry)) view.behind = sequences_.find(entry.node.sequence)->second.begin()->second->node.jid;
  return view;
}

std::optional<NodeView> Workflows::Find(std::string_view jid) const {
  const Entry* const entry = FindEntry(jid);
  if (entry == nullptr) return std::nullopt;
  return ViewOf(*entry);
}

std::vector<NodeView> Workflows::Workflow(std::string_view id, std::size_t count) const {
  std::vector<NodeView> views;
  const auto found = workflows_.find(id);
  if (found == workflows_.end()) return views;
  for (const auto& [job, entry] : found->second) {
    if (views.size() == count) break;
    views.push_back(ViewOf(*entry));
  }
  return views;
}

std::vector<SequenceView> Workflows::Sequences(std::string_view after, std::size_t count) const {
  std::vector<SequenceView> views;
  for (auto at = sequences_.upper_bound(after); at != sequences_.end() && views.size() < count; ++at) {
    const Node& head = at->second.begin()->second->node;
    views.push_back({.key = at->first,
                     .length = at->second.size(),
                     .head = head.jid,
                     .head_state = head.state,
                     .is_halted = head.state == NodeState::kDead});
  }
  return views;
}

}  // namespace tidemill::jobs
