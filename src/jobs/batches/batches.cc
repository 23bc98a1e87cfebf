#include "jobs/batches/batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "jobs/job/names.h"

namespace tidemill::jobs {
namespace {

using enum job::Flow::Callback;

// A callback is a job of its own: no part of the batch, and nothing holds it back.
std::string CallbackText(job::Job job, std::string_view bid, job::Flow::Callback callback) {
  const std::string quoted_bid = fmt::format(R"("{}")", bid);  // a jid: no escapes
  const job::CustomMember members[] = {
      {"bid", ""},
      {"unique_for", ""},
      {"depends_on", ""},
      {"signals", ""},
      {"sequence_key", ""},
      {"_bid", quoted_bid},
      {"_cb", callback == kComplete ? R"("complete")" : R"("success")"},
  };
  job::SetCustom(job, members);
  std::string text;
  job::AppendText(job, text);
  return text;
}

}  // namespace

struct Batches::Entry : queue::FifoLink {
  // The text of a callback that is still to come.
  struct Held {
    std::string text;
    bool is_written = true;  // a flush has it
    bool is_due = false;     // to be pushed now
  };

  Batch batch;
  Held complete;
  Held success;
  bool is_changed = false;       // it is in changed_
  bool kept_committed = false;   // what the store says
  bool is_unconfirmed = false;   // the last OPEN or COMMIT is not kept yet
  std::uint64_t last_asked = 0;  // which that was

  std::size_t text_bytes() const { return complete.text.size() + success.text.size(); }
};

Batches::Batches(Options options) : options_(options) {}
Batches::~Batches() = default;

Batches::Entry* Batches::FindEntry(std::string_view bid) const {
  const auto found = batches_.find(bid);
  return found == batches_.end() ? nullptr : found->second.get();
}

Batches::Entry* Batches::ParentOf(const Batch& batch) const {
  Entry* const parent = batch.parent.empty() ? nullptr : FindEntry(batch.parent);
  return parent != nullptr && parent->batch.depth < batch.depth ? parent : nullptr;
}

Result<Batches::Entry*> Batches::Existing(std::string_view bid) const {
  if (Entry* const entry = FindEntry(bid)) return entry;
  return Fail(Errc::kNotFound, fmt::format("No such batch {}", bid));
}

Result<> Batches::Admit(const BatchDefinition& definition, const Entry* parent) const {
  if (!definition.complete && !definition.success) {
    return Fail(Errc::kInvalidArgument, "a batch needs a success or complete callback");
  }
  if (batches_.size() >= options_.batches_max) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("at most {} batches at a time (jobs.batches_max)", options_.batches_max));
  }
  if (parent != nullptr && parent->batch.depth + 1 >= options_.depth_max) {
    return Fail(Errc::kLimitExceeded, fmt::format("batches are nested at most {} deep", options_.depth_max));
  }
  return {};
}

Result<Batches::Asked> Batches::New(std::string bid, BatchDefinition definition, WallTime now) {
  TM_ASSERT(job::IsJid(bid));
  Entry* parent = nullptr;
  if (!definition.parent.empty()) {
    TM_TRY_ASSIGN(parent, Existing(definition.parent));
  }
  if (FindEntry(bid) != nullptr) return Fail(Errc::kAlreadyExists, fmt::format("batch {} is there", bid));
  for (const auto* const callback : {&definition.complete, &definition.success}) {
    if (!*callback || !callbacks_.contains((*callback)->jid)) continue;
    return Fail(Errc::kAlreadyExists,
                fmt::format("job {} is the callback of another batch; use another jid", (*callback)->jid));
  }
  if (definition.complete && definition.success && definition.complete->jid == definition.success->jid) {
    return Fail(Errc::kInvalidArgument, "the two callbacks have the same jid");
  }
  while (batches_.size() >= options_.batches_max && !finished_.empty()) {
    if (finished_.front() == parent) break;
    Forget(*finished_.front(), now);
  }
  TM_TRY(Admit(definition, parent));

  auto entry = std::make_unique<Entry>();
  entry->batch = {.bid = std::move(bid),
                  .parent = std::move(definition.parent),
                  .description = std::move(definition.description),
                  .created_at = now,
                  .depth = parent != nullptr ? parent->batch.depth + 1 : 0};
  const auto hold = [&](std::optional<job::Job>& job, job::Flow::Callback which,
                        std::optional<BatchCallback>& callback, Entry::Held& held) {
    if (!job) return;
    callback = BatchCallback{.jid = job->jid};
    held = {.text = CallbackText(*std::move(job), entry->batch.bid, which), .is_written = false};
  };
  hold(definition.complete, kComplete, entry->batch.complete, entry->complete);
  hold(definition.success, kSuccess, entry->batch.success, entry->success);
  if (std::max(entry->complete.text.size(), entry->success.text.size()) > options_.callback_bytes_max) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("a callback has at most {} bytes", options_.callback_bytes_max));
  }
  if (callback_bytes_ + entry->text_bytes() > options_.all_callbacks_bytes_max) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("the callbacks of all batches have at most {} bytes together",
                            options_.all_callbacks_bytes_max));
  }
  callback_bytes_ += entry->text_bytes();

  Entry& added = *entry;
  batches_.emplace(added.batch.bid, std::move(entry));
  NoteCallbacks(added);
  Touch(added, now);
  if (parent != nullptr) {
    ++parent->batch.children;
    ++parent->batch.children_incomplete;
    ++parent->batch.children_unsuccessful;
    Touch(*parent, now);
  }
  return Asked{.what = Asked::What::kNew, .bid = added.batch.bid};
}

void Batches::NoteCallbacks(const Entry& entry) {
  for (const auto* const callback : {&entry.batch.complete, &entry.batch.success}) {
    if (*callback && (*callback)->state != CallbackState::kSucceeded)
      callbacks_.insert_or_assign((*callback)->jid, entry.batch.bid);
  }
}

Batches::Asked Batches::Ask(Asked::What what, Entry& entry, WallTime now) {
  entry.last_asked = ++asked_count_;
  entry.is_unconfirmed = true;
  entry.batch.is_committed = what == Asked::What::kCommit;
  Touch(entry, now);
  return {.what = what, .bid = entry.batch.bid, .number = entry.last_asked};
}

Result<Batches::Asked> Batches::Open(std::string_view bid, WallTime now) {
  TM_TRY_ASSIGN(Entry* const entry, Existing(bid));
  return Ask(Asked::What::kOpen, *entry, now);
}

Result<Batches::Asked> Batches::Commit(std::string_view bid, WallTime now) {
  TM_TRY_ASSIGN(Entry* const entry, Existing(bid));
  return Ask(Asked::What::kCommit, *entry, now);
}

Result<> Batches::CheckJoin(std::string_view bid) const {
  TM_TRY(Existing(bid));
  return {};
}

Result<> Batches::Join(std::string_view bid, WallTime now) {
  TM_TRY_ASSIGN(Entry* const entry, Existing(bid));
  ++entry->batch.counts.total;
  ++entry->batch.counts.pending;
  Touch(*entry, now);
  return {};
}

void Batches::UndoJoin(std::string_view bid, WallTime now) {
  Entry* const entry = FindEntry(bid);
  if (entry == nullptr) return;
  TM_ASSERT(entry->batch.counts.pending > entry->batch.counts.failed);
  --entry->batch.counts.total;
  --entry->batch.counts.pending;
  MarkChanged(*entry);
  Evaluate(entry, now);
}

void Batches::Move(std::string_view bid, Standing from, Standing to, WallTime now) {
  Entry* const entry = FindEntry(bid);
  if (entry == nullptr || from == to) return;
  BatchCounts& counts = entry->batch.counts;
  // A job whose batch was forgotten and made anew is not among those that this one counts.
  if (from == Standing::kFailed && counts.failed == 0) return;
  if (from == Standing::kPending && counts.pending == counts.failed) return;
  if (from == Standing::kSucceeded) return;
  if (from == Standing::kFailed) --counts.failed;
  if (to == Standing::kFailed) ++counts.failed;
  if (to == Standing::kSucceeded) --counts.pending;
  Touch(*entry, now);
  Evaluate(entry, now);
}

void Batches::EndCallback(std::string_view jid, CallbackEnd end, WallTime now) {
  if (callbacks_.empty()) return;
  const auto found = callbacks_.find(std::string(jid));
  if (found == callbacks_.end()) return;
  Entry* const entry = FindEntry(found->second);
  for (std::optional<BatchCallback>* const callback : {&entry->batch.complete, &entry->batch.success}) {
    if (!*callback || (*callback)->jid != jid) continue;
    CallbackState& state = (*callback)->state;
    if (state == CallbackState::kPending || state == CallbackState::kSucceeded) continue;
    state = end == CallbackEnd::kSucceeded ? CallbackState::kSucceeded : CallbackState::kGivenUp;
    if (end == CallbackEnd::kSucceeded) callbacks_.erase(found);
    Touch(*entry, now);
    return Evaluate(entry, now);
  }
}

void Batches::Touch(Entry& entry, WallTime now) {
  entry.batch.changed_at = now;
  PlaceInList(entry);
  MarkChanged(entry);
}

void Batches::MarkChanged(Entry& entry) {
  if (std::exchange(entry.is_changed, true)) return;
  changed_.push_back(entry.batch.bid);
}

void Batches::PlaceInList(Entry& entry) {
  entry.Unlink();
  if (entry.batch.is_successful) {
    finished_.PushBack(entry);
  } else if (entry.batch.was_committed) {
    unfinished_.PushBack(entry);
  } else {
    uncommitted_.PushBack(entry);
  }
}

Duration Batches::Life(const Batch& batch) const {
  if (batch.is_successful) return options_.finished;
  return batch.was_committed ? options_.unfinished : options_.uncommitted;
}

void Batches::Evaluate(Entry* entry, WallTime now) {
  while (entry != nullptr) {
    Entry* const parent = ParentOf(entry->batch);
    if (!EvaluateOne(*entry, parent)) return;
    PlaceInList(*entry);
    if (parent == nullptr) return;
    Touch(*parent, now);
    entry = parent;
  }
}

bool Batches::EvaluateOne(Entry& entry, Entry* parent) {
  Batch& batch = entry.batch;
  if (!batch.is_committed || entry.is_unconfirmed) return false;
  const auto enqueue = [&](BatchCallback& callback, Entry::Held& held) {
    if (callback.state != CallbackState::kPending || std::exchange(held.is_due, true)) return;
    due_.push_back(batch.bid);
  };
  const auto succeeded = [](const std::optional<BatchCallback>& callback) {
    return !callback || callback->state == CallbackState::kSucceeded;
  };
  const bool all_ran = batch.counts.pending == batch.counts.failed && batch.children_incomplete == 0;
  const bool all_succeeded = all_ran && batch.counts.pending == 0 && batch.children_unsuccessful == 0;
  if (all_ran && batch.complete) enqueue(*batch.complete, entry.complete);
  if (all_succeeded && succeeded(batch.complete) && batch.success) enqueue(*batch.success, entry.success);

  // The parent's callbacks wait until those of this one have run: they may add to the parent.
  const bool is_successful = all_succeeded && succeeded(batch.complete) && succeeded(batch.success);
  const bool complete_ran = succeeded(batch.complete) || batch.complete->state == CallbackState::kGivenUp;
  const bool success_runs =
      batch.success && (batch.success->state == CallbackState::kEnqueued || entry.success.is_due);
  const bool is_complete = is_successful || (all_ran && complete_ran && !success_runs);
  bool tells = false;
  if (is_complete && !std::exchange(batch.is_complete, true)) {
    if (parent != nullptr) --parent->batch.children_incomplete;
    tells = true;
  }
  if (is_successful && !std::exchange(batch.is_successful, true)) {
    if (parent != nullptr) --parent->batch.children_unsuccessful;
    tells = true;
  }
  if (tells) MarkChanged(entry);
  return tells;
}

void Batches::Forget(Entry& entry, WallTime now) {
  const Batch& batch = entry.batch;
  deleted_.push_back({std::string(kBatchKind), batch.bid});
  for (const auto& [held, which] : {std::pair(&entry.complete, kComplete), {&entry.success, kSuccess}}) {
    if (!held->text.empty())
      deleted_.push_back({std::string(kBatchCallbackKind), CallbackKey(batch.bid, which)});
  }
  for (const auto* const callback : {&batch.complete, &batch.success}) {
    if (*callback) callbacks_.erase((*callback)->jid);
  }
  callback_bytes_ -= entry.text_bytes();
  Entry* const parent = batch.is_successful ? nullptr : ParentOf(batch);
  if (parent != nullptr) {
    --parent->batch.children;
    --parent->batch.children_unsuccessful;
    if (!batch.is_complete) --parent->batch.children_incomplete;
    MarkChanged(*parent);
  }
  batches_.erase(batches_.find(batch.bid));
  Evaluate(parent, now);
}

bool Batches::Expire(WallTime now, std::size_t count) {
  for (Lists* const list : {&uncommitted_, &unfinished_, &finished_}) {
    while (Entry* const entry = list->front()) {
      if (entry->batch.changed_at + Life(entry->batch) > now) break;
      if (count-- == 0) return true;
      Forget(*entry, now);
    }
  }
  return false;
}

std::shared_ptr<void> Batches::Clear() {
  struct Memory {
    decltype(batches_) batches;
    decltype(callbacks_) callbacks;
    Lists uncommitted;
    Lists unfinished;
    Lists finished;
  };
  auto memory = std::make_shared<Memory>();
  memory->batches.swap(batches_);
  memory->callbacks.swap(callbacks_);
  memory->uncommitted.TakeFrom(uncommitted_);
  memory->unfinished.TakeFrom(unfinished_);
  memory->finished.TakeFrom(finished_);
  recovered_.clear();
  callback_bytes_ = 0;
  due_.clear();
  changed_.clear();
  deleted_.clear();
  return memory;
}

std::vector<job::Job> Batches::TakeDue(WallTime now) {
  std::vector<job::Job> jobs;
  for (const std::string& bid : std::exchange(due_, {})) {
    Entry* const entry = FindEntry(bid);
    if (entry == nullptr) continue;
    for (const auto& [held, which] : {std::pair(&entry->complete, kComplete), {&entry->success, kSuccess}}) {
      if (!std::exchange(held->is_due, false)) continue;
      auto job = job::ParseJob(held->text, now);
      TM_ASSERT(job.has_value());
      BatchCallback& callback = which == kComplete ? *entry->batch.complete : *entry->batch.success;
      callback.state = CallbackState::kEnqueued;
      MarkChanged(*entry);
      jobs.push_back(*std::move(job));
      if (held->is_written) deleted_.push_back({std::string(kBatchCallbackKind), CallbackKey(bid, which)});
      callback_bytes_ -= held->text.size();
      *held = {};
    }
  }
  return jobs;
}

Batches::Output Batches::Gather() {
  Output output{.deletes = std::exchange(deleted_, {})};
  for (const std::string& bid : std::exchange(changed_, {})) {
    Entry* const entry = FindEntry(bid);
    if (entry == nullptr) continue;
    entry->is_changed = false;
    for (const auto& [held, which] : {std::pair(&entry->complete, kComplete), {&entry->success, kSuccess}}) {
      if (std::exchange(held->is_written, true)) continue;
      output.records.push_back({.kind = std::string(kBatchCallbackKind),
                                .key = CallbackKey(bid, which),
                                .value = held->text,
                                .expires_at = std::nullopt});
    }
    Batch batch = entry->batch;
    batch.was_committed |= batch.is_committed;
    output.records.push_back(EncodeBatch(batch, batch.changed_at + Life(batch)));
  }
  return output;
}

void Batches::Confirm(const Asked& asked, WallTime now) {
  Entry* const entry = FindEntry(asked.bid);
  if (entry == nullptr || asked.what == Asked::What::kNew) return;
  entry->kept_committed = asked.what == Asked::What::kCommit;
  entry->batch.was_committed |= entry->kept_committed;
  PlaceInList(*entry);
  if (entry->last_asked == asked.number) entry->is_unconfirmed = false;
  Evaluate(entry, now);
}

std::optional<Record> Batches::RecordWithout(const Asked& asked, const Record& record) const {
  const Entry* const entry = FindEntry(asked.bid);
  if (entry == nullptr) return std::nullopt;
  auto batch = DecodeBatch(record);
  TM_ASSERT(batch.has_value());
  batch->is_committed = entry->kept_committed;
  batch->was_committed = entry->batch.was_committed;
  return EncodeBatch(*batch, batch->changed_at + Life(*batch));
}

void Batches::Undo(const Asked& asked, WallTime now) {
  Entry* const entry = FindEntry(asked.bid);
  if (entry == nullptr) return;
  if (asked.what == Asked::What::kNew) return Forget(*entry, now);
  if (entry->last_asked != asked.number) return;
  entry->batch.is_committed = entry->kept_committed;
  entry->is_unconfirmed = false;
  MarkChanged(*entry);
  Evaluate(entry, now);
}

Result<> Batches::Load(const Record& record) {
  if (record.kind == kBatchKind) {
    auto entry = std::make_unique<Entry>();
    TM_TRY_ASSIGN(entry->batch, DecodeBatch(record));
    entry->kept_committed = entry->batch.is_committed;
    NoteCallbacks(*entry);
    const std::string_view bid = entry->batch.bid;
    batches_.emplace(bid, std::move(entry));
    return {};
  }
  const auto [bid, which] = ParseCallbackKey(record.key);
  if (record.kind != kBatchCallbackKind || which == kNone) {
    return Fail(Errc::kInvalidArgument, "no batch and no callback");
  }
  TM_TRY(job::ParseJob(record.value, WallTime()));
  Entry* const entry = FindEntry(bid);
  const std::optional<BatchCallback>* const callback = entry == nullptr     ? nullptr
                                                       : which == kComplete ? &entry->batch.complete
                                                                            : &entry->batch.success;
  if (callback == nullptr || !*callback || (*callback)->state != CallbackState::kPending) {
    deleted_.push_back({record.kind, record.key});  // its batch is over
    return {};
  }
  (which == kComplete ? entry->complete : entry->success).text = record.value;
  callback_bytes_ += record.value.size();
  return {};
}

bool Batches::Recover(WallTime now, std::size_t count) {
  for (auto at = batches_.upper_bound(recovered_); at != batches_.end(); ++at) {
    if (count-- == 0) return true;
    Entry& entry = *at->second;
    recovered_ = at->first;
    PlaceInList(entry);
    // A callback whose text is lost can never run: nobody is to wait for it.
    for (const auto& [callback, held] :
         {std::pair(&entry.batch.complete, &entry.complete), {&entry.batch.success, &entry.success}}) {
      if (!*callback || (*callback)->state != CallbackState::kPending || !held->text.empty()) continue;
      (*callback)->state = CallbackState::kGivenUp;
      MarkChanged(entry);
    }
    Evaluate(&entry, now);
  }
  return false;
}

Result<Batch> Batches::Find(std::string_view bid) const {
  TM_TRY_ASSIGN(const Entry* const entry, Existing(bid));
  return entry->batch;
}

std::vector<Batch> Batches::List(std::string_view after, std::size_t count) const {
  std::vector<Batch> list;
  for (auto at = batches_.upper_bound(after); at != batches_.end() && list.size() < count; ++at) {
    list.push_back(at->second->batch);
  }
  return list;
}

}  // namespace tidemill::jobs
