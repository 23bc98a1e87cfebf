// A model of what batches promise, driven at random beside Batches over flushes that fail, overlap with what
// happens, and are lost in a crash; and the planted faults that it must find.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "jobs/batches/testing/batch_store.h"

namespace tidemill::jobs {
namespace {

using testing::BatchFault;
using testing::BatchStore;
using enum Standing;

// What is true in memory, and what the store has kept: a crash goes back to that.
template <class T>
struct Twice {
  T now{};
  T kept{};
};

struct ModelCallback {
  std::string jid;
  int pushed = 0;
  Twice<bool> ended;  // successfully
  Twice<bool> given_up;
};

struct ModelBatch {
  std::string parent;
  int asked_in = 0;  // the flush that carries its NEW; 0: kept
  Twice<bool> committed;
  std::vector<std::pair<int, bool>> commits;  // by the flush that carries them
  struct Job {
    int asked_in = 0;
    Twice<Standing> standing;
  };
  std::vector<Job> jobs;
  std::map<std::string, ModelCallback> callbacks;  // "complete", "success"

  const ModelCallback* Callback(const std::string& which) const {
    const auto found = callbacks.find(which);
    return found == callbacks.end() ? nullptr : &found->second;
  }
};

class Model {
 public:
  Model(std::uint32_t seed, BatchFault fault) : random_(seed), store_({}, fault) {}

  // The first thing that is not as promised; nullopt: all is.
  std::optional<std::string> Run() {
    for (int step = 0; step < 150 && !wrong_; ++step) Step();
    if (is_flushing_) EndFlush(true);
    for (int round = 0; round < 60 && !wrong_; ++round) BringToAnEnd();
    if (wrong_) return wrong_;
    for (const auto& [bid, batch] : model_) {
      for (const auto& [which, callback] : batch.callbacks) {
        if (callback.pushed != 1)
          return bid + " " + which + " was pushed " + std::to_string(callback.pushed) + " times";
      }
      const Batch found = store_.batches().Find(bid).value_or(Batch());
      if (found.counts.total != batch.jobs.size() || found.counts.pending != 0)
        return bid + " counts " + std::to_string(found.counts.total) + " jobs, " +
               std::to_string(found.counts.pending) + " pending, of " + std::to_string(batch.jobs.size());
    }
    return std::nullopt;
  }

 private:
  std::size_t Below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

  void Step() {
    switch (Below(12)) {
      case 0: return New();
      case 1:
      case 2:
      case 3: return Join();
      case 4: return SetCommitted(true);
      case 5: return SetCommitted(Below(4) != 0);
      case 6:
      case 7:
      case 8: return RunJob();
      case 9: return RunCallback();
      case 10: return Below(8) == 0 ? Crash() : Flush();
      default: return Flush();
    }
  }

  // --- What clients ask for: in the flush that is being gathered.
  void New() {
    if (model_.size() >= 8) return;
    const std::string bid = "b-model-" + std::to_string(++made_);
    ModelBatch batch{.asked_in = gathering_};
    if (!model_.empty() && Below(2) == 0) batch.parent = Any()->first;
    if (!batch.parent.empty() && HasBegun(batch.parent)) return;
    BatchDefinition definition{.parent = batch.parent};
    const std::size_t which = Below(3);
    if (which != 0) AddCallback(bid, "complete", definition.complete, batch);
    if (which != 1) AddCallback(bid, "success", definition.success, batch);
    if (!store_.Ask(store_.batches().New(bid, std::move(definition), store_.now))) wrong_ = "no new batch";
    model_.emplace(bid, std::move(batch));
  }
  static void AddCallback(const std::string& bid, const std::string& which, std::optional<job::Job>& job,
                          ModelBatch& batch) {
    const std::string jid = bid + "-" + which;
    job = job::ParseJob(R"({"jid":")" + jid + R"(","jobtype":"C","args":[]})", WallTime()).value();
    batch.callbacks[which].jid = jid;
  }
  void Join() {
    if (model_.empty()) return;
    const auto at = Any();
    if (HasBegun(at->first)) return;
    if (!store_.Join(at->first)) wrong_ = at->first + " is gone";
    at->second.jobs.push_back({.asked_in = gathering_});
  }
  void SetCommitted(bool is_committed) {
    if (model_.empty()) return;
    const auto at = Any();
    if (HasBegun(at->first)) return;
    if (!store_.Ask(is_committed ? store_.batches().Commit(at->first, store_.now)
                                 : store_.batches().Open(at->first, store_.now)))
      wrong_ = at->first + " is gone";
    at->second.committed.now = is_committed;
    at->second.commits.push_back({gathering_, is_committed});
  }

  // --- What happens: only jobs that are kept run.
  void RunJob() {
    if (model_.empty()) return;
    const auto at = Any();
    for (ModelBatch::Job& job : at->second.jobs) {
      if (job.asked_in != 0 || job.standing.now == kSucceeded || Below(2) == 0) continue;
      const Standing to = Below(3) == 0 ? kFailed : kSucceeded;
      store_.batches().Move(at->first, job.standing.now, to, store_.now);
      store_.TakeDue();
      job.standing.now = to;
      return;
    }
  }
  void RunCallback() {
    if (model_.empty()) return;
    const auto at = Any();
    for (auto& [which, callback] : at->second.callbacks) {
      if (callback.pushed == 0 || callback.ended.now) continue;
      const bool succeeds = Below(4) != 0;
      EndCallback(callback, succeeds);
      return;
    }
  }
  void EndCallback(ModelCallback& callback, bool succeeds) {
    (succeeds ? callback.ended : callback.given_up).now = true;
    store_.batches().EndCallback(callback.jid, succeeds ? CallbackEnd::kSucceeded : CallbackEnd::kGivenUp,
                                 store_.now);
    store_.TakeDue();
  }

  // --- Flushes
  void Flush() {
    if (is_flushing_) return EndFlush(Below(4) != 0);
    BeginFlush();
    if (Below(2) == 0) EndFlush(Below(4) != 0);
  }
  void BeginFlush() {
    store_.BeginFlush();
    is_flushing_ = true;
    flushed_ = model_;
    ++gathering_;
  }
  void EndFlush(bool is_kept) {
    is_flushing_ = false;
    store_.EndFlush(is_kept);
    const int number = gathering_ - 1;
    for (auto& [bid, batch] : model_) SettleBatch(batch, number, is_kept);
    std::erase_if(model_, [&](const auto& item) { return !is_kept && item.second.asked_in != 0; });
    if (is_kept) Keep();
    CheckPushed();
  }
  // What was asked for meanwhile fails with a flush that fails.
  static void SettleBatch(ModelBatch& batch, int number, bool is_kept) {
    if (is_kept && batch.asked_in == number) batch.asked_in = 0;
    for (ModelBatch::Job& job : batch.jobs) {
      if (is_kept && job.asked_in == number) job.asked_in = 0;
    }
    for (const auto& [asked_in, is_committed] : batch.commits) {
      if (asked_in == number && is_kept) batch.committed.kept = is_committed;
    }
    if (is_kept) {
      std::erase_if(batch.commits, [&](const auto& commit) { return commit.first == number; });
    } else {
      std::erase_if(batch.jobs, [](const ModelBatch::Job& job) { return job.asked_in != 0; });
      batch.commits.clear();
    }
    if (batch.commits.empty()) batch.committed.now = batch.committed.kept;
  }
  // What had happened when the flush was gathered is in the store now.
  void Keep() {
    for (auto& [bid, then] : flushed_) {
      const auto at = model_.find(bid);
      if (at == model_.end()) continue;
      for (std::size_t i = 0; i < then.jobs.size(); ++i)
        at->second.jobs[i].standing.kept = then.jobs[i].standing.now;
      for (auto& [which, callback] : then.callbacks) {
        at->second.callbacks[which].ended.kept = callback.ended.now;
        at->second.callbacks[which].given_up.kept = callback.given_up.now;
      }
    }
  }
  void Crash() {
    is_flushing_ = false;
    store_.Restart();
    ++gathering_;
    std::erase_if(model_, [](const auto& item) { return item.second.asked_in != 0; });
    for (auto& [bid, batch] : model_) {
      std::erase_if(batch.jobs, [](const auto& job) { return job.asked_in != 0; });
      for (ModelBatch::Job& job : batch.jobs) job.standing.now = job.standing.kept;
      for (auto& [which, callback] : batch.callbacks) {
        callback.ended.now = callback.ended.kept;
        callback.given_up.now = callback.given_up.kept;
      }
      batch.commits.clear();
      batch.committed.now = batch.committed.kept;
    }
    CheckPushed();
  }

  // --- What is promised
  void CheckPushed() {
    for (const job::Job& job : store_.TakePushed()) {
      const std::string bid = job.flow->callback_of;
      const std::string which = job.flow->callback == job::Flow::Callback::kComplete ? "complete" : "success";
      const auto at = model_.find(bid);
      if (at == model_.end()) {
        wrong_ = which + " of " + bid + ", which nobody knows";
        return;
      }
      ModelCallback& callback = at->second.callbacks[which];
      if (++callback.pushed > 1) wrong_ = bid + " " + which + " came twice";
      if (!at->second.committed.kept) wrong_ = bid + " " + which + " came before a commit was kept";
      if (which == "complete" && !AllRan(bid)) wrong_ = bid + " complete came too early";
      if (which == "success" && !AllSucceeded(bid)) wrong_ = bid + " success came too early";
      const ModelCallback* const complete = at->second.Callback("complete");
      if (which == "success" && complete != nullptr && !complete->ended.now)
        wrong_ = bid + " success came before complete had succeeded";
    }
  }
  // Whether a callback of the batch may have come, so that nothing joins it any more here.
  bool HasBegun(const std::string& bid) const {
    for (std::string at = bid; !at.empty(); at = model_.at(at).parent) {
      const auto batch = store_const().Find(at);
      if (!batch || !model_.contains(at)) return true;
      for (const auto& callback : {batch->complete, batch->success}) {
        if (callback && callback->state != CallbackState::kPending) return true;
      }
      if (batch->is_complete) return true;
    }
    return false;
  }
  const Batches& store_const() const { return const_cast<BatchStore&>(store_).batches(); }

  template <class Holds>
  bool ForAllChildren(const std::string& bid, Holds holds) const {
    return std::ranges::all_of(
        model_, [&](const auto& item) { return item.second.parent != bid || holds(item.first); });
  }
  bool AllRan(const std::string& bid) const {
    const auto& jobs = model_.at(bid).jobs;
    return std::ranges::none_of(jobs, [](const auto& job) { return job.standing.now == kPending; }) &&
           ForAllChildren(bid, [&](const std::string& child) {
             const ModelCallback* const complete = model_.at(child).Callback("complete");
             return AllRan(child) && (complete == nullptr || complete->ended.now || complete->given_up.now);
           });
  }
  bool AllSucceeded(const std::string& bid) const {
    const auto& jobs = model_.at(bid).jobs;
    return std::ranges::all_of(jobs, [](const auto& job) { return job.standing.now == kSucceeded; }) &&
           ForAllChildren(bid, [&](const std::string& child) {
             const ModelCallback* const success = model_.at(child).Callback("success");
             return AllSucceeded(child) && (success == nullptr || success->ended.now);
           });
  }

  // No more failures: everything is committed and acknowledged, so that every callback must come.
  void BringToAnEnd() {
    for (auto& [bid, batch] : model_) {
      if (!batch.committed.now) {
        if (!store_.Ask(store_.batches().Commit(bid, store_.now))) wrong_ = bid + " is gone";
        batch.committed.now = true;
        batch.commits.push_back({gathering_, true});
      }
      for (ModelBatch::Job& job : batch.jobs) {
        if (job.asked_in != 0) continue;
        store_.batches().Move(bid, job.standing.now, kSucceeded, store_.now);
        store_.TakeDue();
        job.standing.now = kSucceeded;
      }
      for (auto& [which, callback] : batch.callbacks) {
        if (callback.pushed > 0 && !callback.ended.now) EndCallback(callback, true);
      }
    }
    BeginFlush();
    EndFlush(true);
  }

  std::map<std::string, ModelBatch>::iterator Any() {
    auto at = model_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(Below(model_.size())));
    return at;
  }

  std::mt19937 random_;
  BatchStore store_;
  std::map<std::string, ModelBatch> model_;
  std::map<std::string, ModelBatch> flushed_;  // as it was when the flush under way was gathered
  bool is_flushing_ = false;
  int gathering_ = 1;  // the flush that is being gathered
  int made_ = 0;
  std::optional<std::string> wrong_;
};

TEST(BatchesModel, CallbacksComeExactlyOnceAndNotTooEarly) {
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    const auto wrong = Model(seed, BatchFault::kNone).Run();
    ASSERT_FALSE(wrong) << "seed " << seed << ": " << *wrong;
  }
}

TEST(BatchesModel, FindsEveryPlantedFault) {
  struct Case {
    const char* name;
    BatchFault fault;
  };
  const Case cases[] = {
      {"callbacks of a failed flush are pushed", BatchFault::kCallbacksBeforeRecords},
      {"records of a failed flush are written", BatchFault::kRecordsBeforeCallbacks},
      {"a failed flush is not tried again", BatchFault::kForgetsWhatFailed},
      {"commits are confirmed before they are kept", BatchFault::kConfirmsTooEarly},
      {"what clients asked for in vain stays", BatchFault::kNeverUndoes},
      {"callbacks are not read at a start", BatchFault::kRecoversWithoutCallbacks},
      {"a start does not look at what is due", BatchFault::kDoesNotEvaluate},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    int found = 0;
    for (std::uint32_t seed = 1; seed <= 60; ++seed) found += Model(seed, c.fault).Run() ? 1 : 0;
    EXPECT_GT(found, 0);
  }
}

}  // namespace
}  // namespace tidemill::jobs
