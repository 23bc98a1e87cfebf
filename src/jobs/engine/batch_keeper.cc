#include "jobs/engine/batch_keeper.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "jobs/engine/load_records.h"
#include "jobs/engine/push.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kExpiredAtOnce = 200;
constexpr std::size_t kRecoveredAtOnce = 500;
constexpr Duration kLookAgainAfter = Milliseconds(50);

// A record of the batch that was put there. It stays otherwise what it was then: what has changed since
// belongs to a later flush.
template <class Change>
void ChangePut(std::string_view bid, Gathering& gathering, Change change) {
  const Record* const record = gathering.FindPut(kBatchKind, bid);
  if (record == nullptr) return;
  auto batch = DecodeBatch(*record);
  TM_ASSERT(batch && record->expires_at);
  change(*batch);
  gathering.Put(EncodeBatch(*batch, *record->expires_at));
}

void UncountJob(Batch& batch) {
  TM_ASSERT(batch.counts.pending > batch.counts.failed);
  --batch.counts.total;
  --batch.counts.pending;
}

void UncountChild(Batch& batch) {
  TM_ASSERT(batch.children_incomplete > 0 && batch.children_unsuccessful > 0);
  --batch.children;
  --batch.children_incomplete;
  --batch.children_unsuccessful;
}

}  // namespace

BatchKeeper::BatchKeeper(Core& core, Batches::Options options) : core_(core), batches_(options) {}
BatchKeeper::~BatchKeeper() = default;

Result<std::string> BatchKeeper::New(BatchDefinition definition) {
  TM_TRY(core_.Serving());
  // A callback must be able to come, whatever is named meanwhile.
  for (const auto* const callback : {&definition.complete, &definition.success}) {
    if (*callback) TM_TRY(core_.OpenQueue((*callback)->queue));
  }
  core_.flusher.MarkWaited();
  TM_TRY_ASSIGN(Batches::Asked asked,
                batches_.New("b-" + RandomLetters(14), std::move(definition), core_.Now()));
  std::string bid = asked.bid;
  WaitFor(std::move(asked));
  return bid;
}

// What speaks of asks that have failed is just being taken back: it is not told from a new one.
Result<> BatchKeeper::MayAsk() const {
  TM_TRY(core_.Serving());
  if (!core_.flusher.is_telling_of_failure()) return {};
  return Fail(Errc::kNotAvailable,
              fmt::format("the store of jobs: {}; try again in a moment", core_.flusher.problem()));
}

Result<> BatchKeeper::Open(std::string_view bid) {
  TM_TRY(MayAsk());
  core_.flusher.MarkWaited();
  TM_TRY_ASSIGN(Batches::Asked asked, batches_.Open(bid, core_.Now()));
  WaitFor(std::move(asked));
  return {};
}

Result<> BatchKeeper::Commit(std::string_view bid) {
  TM_TRY(MayAsk());
  core_.flusher.MarkWaited();
  TM_TRY_ASSIGN(Batches::Asked asked, batches_.Commit(bid, core_.Now()));
  WaitFor(std::move(asked));
  return {};
}

Result<Batch> BatchKeeper::Find(std::string_view bid) const {
  TM_TRY(core_.Serving());
  return batches_.Find(bid);
}

std::vector<Batch> BatchKeeper::List(std::string_view after, std::size_t count) const {
  return batches_.List(after, count);
}

// It waits before whoever asked does: it is settled when that one is told.
void BatchKeeper::WaitFor(Batches::Asked asked) {
  auto asking = std::make_unique<Asking>(*this, std::move(asked));
  Asking& waiter = *asking;
  asking_.emplace(&waiter, std::move(asking));
  core_.flusher.Wait(waiter);
}

// Undone before anything is gathered again, so that no record of it is written anew.
void BatchKeeper::Asking::OnRefused(KeptGatherings kept) {
  keeper.TakeBack(asked, kept);
  keeper.batches_.Undo(asked, keeper.core_.Now());
}
void BatchKeeper::Asking::OnCommit(const Result<>& result) { keeper.Settle(*this, result); }

void BatchKeeper::TakeBack(const Batches::Asked& asked, KeptGatherings kept) const {
  const auto batch = batches_.Find(asked.bid);
  if (!batch) return;
  for (Gathering* const gathering : kept) {
    if (asked.what == Batches::Asked::What::kNew) {
      gathering->RemovePut(kBatchKind, asked.bid);
      for (const auto which : {job::Flow::Callback::kComplete, job::Flow::Callback::kSuccess}) {
        gathering->RemovePut(kBatchCallbackKind, CallbackKey(asked.bid, which));
      }
      ChangePut(batch->parent, *gathering, UncountChild);
    } else if (const Record* const put = gathering->FindPut(kBatchKind, asked.bid)) {
      if (auto record = batches_.RecordWithout(asked, *put)) gathering->Put(*std::move(record));
    }
  }
}

void BatchKeeper::Settle(Asking& asking, const Result<>& result) {
  const auto settled = std::move(asking_.extract(&asking).mapped());
  if (core_.phase != Core::Phase::kServing && core_.phase != Core::Phase::kStopping) return;
  // What changes now goes with the callbacks: into what is gathered from here on.
  Gathering& gathering = core_.flusher.Gather();
  if (result) batches_.Confirm(settled->asked, core_.Now());  // else it is undone already (OnRefused)
  PushDue(gathering);
}

void BatchKeeper::PushDue(Gathering& gathering) {
  for (job::Job& job : batches_.TakeDue(core_.Now())) {
    const std::string jid = job.jid;
    if (auto pushed = Push(core_, std::move(job), Origin::kServer, gathering); !pushed) {
      log::Error("jobs.callback_lost", {{"jid", jid}, {"error", pushed.error().detail}});
    }
  }
}

Task<Result<>> BatchKeeper::Recover(Store& store) {
  for (const std::string_view kind : {kBatchKind, kBatchCallbackKind}) {
    TM_CO_TRY(co_await LoadRecords(core_.loop, store, std::string(kind),
                                   [this](const Record& record) { return batches_.Load(record); }));
  }
  core_.flusher.MarkWaited();
  while (batches_.Recover(core_.Now(), kRecoveredAtOnce)) co_await net::NextTurn(core_.loop);
  core_.loop.timers().Schedule(*this, core_.loop.clock().Now());  // what is due is pushed once all is read
  co_return Result<>();
}

void BatchKeeper::Forget() {
  core_.loop.timers().Cancel(*this);
  asking_.clear();
  core_.forgotten.Add(batches_.Clear());
}

void BatchKeeper::OnTimer() {
  if (core_.phase != Core::Phase::kServing) {
    return core_.loop.timers().Schedule(*this, core_.loop.clock().Now() + kLookAgainAfter);
  }
  Gathering& gathering = core_.flusher.Gather();
  const bool has_more = batches_.Expire(core_.Now(), kExpiredAtOnce);
  PushDue(gathering);
  core_.loop.timers().Schedule(*this, core_.loop.clock().Now() + (has_more ? Duration() : kExpireInterval));
}

Result<> BatchKeeper::CheckPush(const job::Job& job, JobId id) {
  if (job.batch.empty()) return {};
  if (IsInMemory(id)) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("queue {} is kept in memory only: its jobs cannot be in a batch", job.queue));
  }
  return batches_.CheckJoin(job.batch);
}

EnginePlugin::Admission BatchKeeper::OnPush(const job::Job& job, JobId, Gathering&) {
  if (!job.batch.empty()) batches_.Join(job.batch, core_.Now());
  return Admission::kRun;
}

void BatchKeeper::OnDropped(const PushedJob& job, KeptGatherings kept) {
  if (job.pushed.batch.empty()) return;
  for (Gathering* const gathering : kept) ChangePut(job.pushed.batch, *gathering, UncountJob);
  batches_.UndoJoin(job.pushed.batch, core_.Now());
  // What that makes due is pushed from elsewhere.
  core_.loop.timers().Schedule(*this, core_.loop.clock().Now());
}

void BatchKeeper::BeforeFlush(Gathering& gathering) {
  if (core_.metrics) core_.metrics->ShowBatches(batches_.size());
  Batches::Output output = batches_.Gather();
  for (Record& record : output.records) {
    if (record.kind == kBatchKind) {
      for (JobListener* const listener : core_.listeners) listener->OnBatchChange(record.key);
    }
    gathering.Put(std::move(record));
  }
  for (RecordKey& key : output.deletes) gathering.Remove(std::move(key));
}

// A dead job begins anew, as one that has not failed.
void BatchKeeper::OnRunNow(job::Job& job, Place place, Gathering&) {
  if (place == Place::kDead && !job.batch.empty())
    batches_.Move(job.batch, Standing::kFailed, Standing::kPending, core_.Now());
}

void BatchKeeper::OnOutcome(const Outcome& outcome, Gathering& gathering) {
  const WallTime now = core_.Now();
  const bool has_succeeded = outcome.state == JobState::kDone;
  if (!outcome.batch.empty()) {
    batches_.Move(outcome.batch, outcome.had_failed ? Standing::kFailed : Standing::kPending,
                  has_succeeded ? Standing::kSucceeded : Standing::kFailed, now);
  }
  if (!outcome.roles.is_callback) {
    // A callback may have its jid by chance.
  } else if (has_succeeded) {
    batches_.EndCallback(outcome.jid, CallbackEnd::kSucceeded, now);
  } else if (outcome.state != JobState::kRetry) {
    batches_.EndCallback(outcome.jid, CallbackEnd::kGivenUp, now);
  }
  PushDue(gathering);
}

}  // namespace tidemill::jobs
