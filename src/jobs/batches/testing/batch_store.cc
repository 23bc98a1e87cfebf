#include "jobs/batches/testing/batch_store.h"

#include <iterator>

#include "base/assert.h"

namespace tidemill::jobs::testing {
namespace {

template <class T>
void MoveAll(std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

bool BatchStore::Ask(Result<Batches::Asked> asked) {
  if (asked) gathered_.asked.push_back(*std::move(asked));
  TakeDue();
  return asked.has_value();
}

bool BatchStore::Join(std::string_view bid) {
  if (!batches_->Join(bid, now)) return false;
  gathered_.joined.emplace_back(bid);
  return true;
}

void BatchStore::TakeDue() {
  std::vector<job::Job> due = batches_->TakeDue(now);
  MoveAll(due, gathered_.callbacks);
}

void BatchStore::Append(Carried from, Carried& to) {
  MoveAll(from.output.records, to.output.records);
  MoveAll(from.output.deletes, to.output.deletes);
  MoveAll(from.callbacks, to.callbacks);
  MoveAll(from.asked, to.asked);
  MoveAll(from.joined, to.joined);
}

void BatchStore::WriteRecords(const Carried& carried) {
  for (const Record& record : carried.output.records) records_[{record.kind, record.key}] = record;
  for (const RecordKey& key : carried.output.deletes) records_.erase({key.kind, key.key});
}

void BatchStore::Flush(bool is_kept) {
  BeginFlush();
  EndFlush(is_kept);
}

void BatchStore::BeginFlush() {
  TakeDue();
  Append({.output = batches_->Gather()}, gathered_);
  flying_ = std::exchange(gathered_, {});
  if (fault_ != BatchFault::kConfirmsTooEarly) return;
  for (const Batches::Asked& asked : std::exchange(flying_.asked, {})) batches_->Confirm(asked, now);
  TakeDue();
}

void BatchStore::EndFlush(bool is_kept) {
  Carried flown = std::exchange(flying_, {});
  if (is_kept) {
    WriteRecords(flown);
    MoveAll(flown.callbacks, pushed_);
    for (const Batches::Asked& asked : flown.asked) batches_->Confirm(asked, now);
    return TakeDue();
  }
  if (fault_ == BatchFault::kRecordsBeforeCallbacks) WriteRecords(flown);
  if (fault_ == BatchFault::kCallbacksBeforeRecords)
    pushed_.insert(pushed_.end(), flown.callbacks.begin(), flown.callbacks.end());
  if (fault_ == BatchFault::kForgetsWhatFailed) flown.output = {}, flown.callbacks.clear();
  // What was asked for meanwhile fails with it.
  Append(std::exchange(gathered_, {}), flown);
  gathered_ = std::move(flown);
  const auto joined = std::exchange(gathered_.joined, {});
  const auto all_asked = std::exchange(gathered_.asked, {});
  if (fault_ == BatchFault::kNeverUndoes) return;
  for (const std::string& bid : joined) batches_->UndoJoin(bid, now);
  for (const Batches::Asked& asked : all_asked) batches_->Undo(asked, now);
  TakeDue();
}

void BatchStore::Restart() {
  if (fault_ == BatchFault::kRecordsBeforeCallbacks) WriteRecords(flying_);
  flying_ = gathered_ = {};
  batches_ = std::make_unique<Batches>(options_);
  for (const std::string_view kind : {kBatchKind, kBatchCallbackKind}) {
    if (fault_ == BatchFault::kRecoversWithoutCallbacks && kind == kBatchCallbackKind) continue;
    for (const auto& [key, record] : records_) {
      if (key.first == kind) TM_ASSERT(batches_->Load(record).has_value());
    }
  }
  while (fault_ != BatchFault::kDoesNotEvaluate && batches_->Recover(now, 2)) {
  }
  TakeDue();
}

}  // namespace tidemill::jobs::testing
