#include "jobs/batches/batches.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "jobs/batches/testing/batch_store.h"

namespace tidemill::jobs {
namespace {

using testing::BatchStore;
using enum Standing;

constexpr WallTime kWhen{1'750'000'000'000};

job::Job CallbackJob(const std::string& jid, const std::string& custom = "{}") {
  return job::ParseJob(R"({"jid":")" + jid + R"(","jobtype":"Callback","args":[7],"custom":)" + custom + "}",
                       kWhen)
      .value();
}

// The id of the batch that a test calls so.
std::string Bid(const std::string& name) { return "b-test-" + name; }

class BatchesTest : public ::testing::Test {
 protected:
  // The callbacks of a batch "b" have the jids "b-complete" and "b-success".
  void New(const std::string& bid, const std::string& which, const std::string& parent = "") {
    ASSERT_TRUE(TryNew(bid, which, parent));
  }
  Result<Batches::Asked> TryNew(const std::string& bid, const std::string& which,
                                const std::string& parent = "") {
    BatchDefinition definition{.description = "of " + bid};
    if (!parent.empty()) definition.parent = Bid(parent);
    if (which.contains("complete")) definition.complete = CallbackJob(bid + "-complete");
    if (which.contains("success")) definition.success = CallbackJob(bid + "-success");
    auto asked = batches().New(Bid(bid), std::move(definition), store_.now);
    store_.Ask(asked);
    return asked;
  }
  void Join(const std::string& bid, int count = 1) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(store_.Join(Bid(bid)));
  }
  void Commit(const std::string& bid) {
    ASSERT_TRUE(store_.Ask(batches().Commit(Bid(bid), store_.now)));
    store_.Flush();
  }
  void Move(const std::string& bid, Standing from, Standing to) {
    batches().Move(Bid(bid), from, to, store_.now);
    store_.TakeDue();
  }
  void Ack(const std::string& bid) { Move(bid, kPending, kSucceeded); }
  void End(const std::string& bid, const std::string& which, CallbackEnd end = CallbackEnd::kSucceeded) {
    batches().EndCallback(bid + "-" + which, end, store_.now);
    store_.TakeDue();
  }
  // Flushes, and gives the jids of the callbacks that were pushed since the last call, with blanks.
  std::string Pushed() {
    store_.Flush();
    std::string all;
    for (const job::Job& job : store_.TakePushed()) all += (all.empty() ? "" : " ") + job.jid;
    return all;
  }
  // total/pending/failed complete_st/success_st
  std::string Status(const std::string& bid) {
    const auto batch = batches().Find(Bid(bid));
    if (!batch) return batch.error().detail;
    const auto state = [](const auto& callback) {
      return std::string(callback ? StatusText(callback->state) : "");
    };
    return std::to_string(batch->counts.total) + "/" + std::to_string(batch->counts.pending) + "/" +
           std::to_string(batch->counts.failed) + " " + state(batch->complete) + "/" + state(batch->success);
  }
  Batches& batches() { return store_.batches(); }

  BatchStore store_;
};

TEST_F(BatchesTest, CallbacksComeOneAfterTheOtherWhenAllJobsHaveRun) {
  New("batch", "complete success");
  Join("batch", 3);
  Commit("batch");
  EXPECT_EQ(Status("batch"), "3/3/0 /");
  Ack("batch");
  Ack("batch");
  EXPECT_EQ(Pushed(), "");
  EXPECT_EQ(Status("batch"), "3/1/0 /");
  Ack("batch");
  EXPECT_EQ(Status("batch"), "3/0/0 1/");
  EXPECT_EQ(Pushed(), "batch-complete");
  End("batch", "complete");
  EXPECT_EQ(Status("batch"), "3/0/0 2/1");
  EXPECT_EQ(Pushed(), "batch-success");
  End("batch", "success");
  EXPECT_EQ(Status("batch"), "3/0/0 2/2");
  EXPECT_EQ(Pushed(), "");
}

TEST_F(BatchesTest, ACallbackSaysWhoseItIsAndIsNoPartOfABatch) {
  const std::string custom = R"({"mine":1,"bid":"b-other-1","unique_for":9})";
  ASSERT_TRUE(store_.Ask(batches().New("b-0000001", {.complete = CallbackJob("callback-1", custom)}, kWhen)));
  ASSERT_TRUE(store_.Ask(batches().Commit("b-0000001", kWhen)));
  store_.Flush();
  store_.Flush();
  const job::Job job = store_.TakePushed().at(0);
  EXPECT_TRUE(job.members.contains(R"("custom":{"mine":1,"_bid":"b-0000001","_cb":"complete"})"))
      << job.members;
  EXPECT_EQ(job.batch, "");
  EXPECT_FALSE(job.unique);
}

TEST_F(BatchesTest, NothingComesBeforeTheCommitIsKept) {
  New("batch", "success");
  Join("batch");
  store_.Flush();
  Ack("batch");
  EXPECT_EQ(Pushed(), "");
  ASSERT_TRUE(store_.Ask(batches().Commit(Bid("batch"), kWhen)));
  store_.BeginFlush();
  EXPECT_EQ(Status("batch"), "1/0/0 /");
  store_.EndFlush(true);
  EXPECT_EQ(Status("batch"), "1/0/0 /1");
  EXPECT_EQ(Pushed(), "batch-success");
}

TEST_F(BatchesTest, AnEmptyBatchCallsBackAtOnce) {
  New("batch", "complete success");
  Commit("batch");
  EXPECT_EQ(Status("batch"), "0/0/0 1/");
  EXPECT_EQ(Pushed(), "batch-complete");
  End("batch", "complete");
  EXPECT_EQ(Pushed(), "batch-success");
}

TEST_F(BatchesTest, FailedJobsAreCompleteAndNotSuccessful) {
  New("batch", "complete success");
  Join("batch", 2);
  Commit("batch");
  Ack("batch");
  Move("batch", kPending, kFailed);
  EXPECT_EQ(Status("batch"), "2/1/1 1/");
  EXPECT_EQ(Pushed(), "batch-complete");
  End("batch", "complete");
  Move("batch", kFailed, kFailed);
  EXPECT_EQ(Pushed(), "");
  Move("batch", kFailed, kSucceeded);
  EXPECT_EQ(Status("batch"), "2/0/0 2/1");
  EXPECT_EQ(Pushed(), "batch-success");
}

TEST_F(BatchesTest, SuccessWaitsForTheCompleteCallbackToSucceed) {
  New("batch", "complete success");
  Commit("batch");
  EXPECT_EQ(Pushed(), "batch-complete");
  End("batch", "complete", CallbackEnd::kGivenUp);
  EXPECT_EQ(Status("batch"), "0/0/0 1/");
  EXPECT_EQ(Pushed(), "");
  End("batch", "complete");  // somebody ran it again
  EXPECT_EQ(Pushed(), "batch-success");
}

TEST_F(BatchesTest, OnlyTheCallbackItselfEndsIt) {
  New("batch", "complete");
  batches().EndCallback("batch-complete", CallbackEnd::kSucceeded, kWhen);
  EXPECT_EQ(Status("batch"), "0/0/0 /");
  Commit("batch");
  EXPECT_EQ(Pushed(), "batch-complete");
  batches().EndCallback("a-forgery", CallbackEnd::kSucceeded, kWhen);
  EXPECT_EQ(Status("batch"), "0/0/0 1/");
}

TEST_F(BatchesTest, AnOpenBatchCallsBackAfterTheNextCommit) {
  New("batch", "success");
  Join("batch");
  Commit("batch");
  ASSERT_TRUE(store_.Ask(batches().Open(Bid("batch"), kWhen)));
  Ack("batch");
  EXPECT_EQ(Pushed(), "");
  Join("batch");
  Commit("batch");
  EXPECT_EQ(Pushed(), "");
  Ack("batch");
  EXPECT_EQ(Pushed(), "batch-success");
}

TEST_F(BatchesTest, JobsMayJoinAfterACallbackWhichDoesNotComeTwice) {
  New("batch", "complete");
  Commit("batch");
  EXPECT_EQ(Pushed(), "batch-complete");
  ASSERT_TRUE(store_.Ask(batches().Open(Bid("batch"), kWhen)));
  Join("batch", 2);
  Commit("batch");
  EXPECT_EQ(Status("batch"), "2/2/0 1/");
  Ack("batch");
  Ack("batch");
  End("batch", "complete");
  EXPECT_EQ(Pushed(), "");
  EXPECT_EQ(Status("batch"), "2/0/0 2/");
}

TEST_F(BatchesTest, AParentWaitsForTheCallbacksOfItsChildren) {
  New("parent", "complete success");
  Join("parent");
  New("child", "complete success", "parent");
  Join("child");
  Commit("child");
  Commit("parent");
  Ack("parent");
  EXPECT_EQ(Pushed(), "");
  Ack("child");
  EXPECT_EQ(Pushed(), "child-complete");
  End("child", "complete");
  EXPECT_EQ(Pushed(), "child-success");
  End("child", "success");
  EXPECT_EQ(Pushed(), "parent-complete");
  End("parent", "complete");
  EXPECT_EQ(Pushed(), "parent-success");
  EXPECT_EQ(Status("parent"), "1/0/0 2/1") << "its own jobs are counted, not the child's";
}

TEST_F(BatchesTest, AParentIsCompleteWithAChildThatFailed) {
  New("parent", "complete success");
  New("child", "complete success", "parent");
  Join("child");
  Commit("child");
  Commit("parent");
  Move("child", kPending, kFailed);
  EXPECT_EQ(Pushed(), "child-complete");
  End("child", "complete");
  EXPECT_EQ(Pushed(), "parent-complete");
  End("parent", "complete");
  EXPECT_EQ(Pushed(), "");
  Move("child", kFailed, kSucceeded);
  EXPECT_EQ(Pushed(), "child-success");
  EXPECT_EQ(Status("parent"), "0/0/0 2/");
  End("child", "success");
  EXPECT_EQ(Pushed(), "parent-success");
}

TEST_F(BatchesTest, AChildsDeadCallbackLeavesTheParentCompleteAndNotSuccessful) {
  New("parent", "complete success");
  New("child", "success", "parent");
  Commit("child");
  Commit("parent");
  EXPECT_EQ(Pushed(), "child-success");
  End("child", "success", CallbackEnd::kGivenUp);
  EXPECT_EQ(Pushed(), "parent-complete");
  End("parent", "complete");
  EXPECT_EQ(Pushed(), "");
}

// A success callback that opens its parent and adds the next step (Really Complex Workflows with Batches).
TEST_F(BatchesTest, AChildsCallbackMayAddTheNextStepToTheParent) {
  New("overall", "success");
  Join("overall");
  New("step1", "success", "overall");
  Join("step1");
  Commit("step1");
  Commit("overall");
  Ack("overall");
  Ack("step1");
  EXPECT_EQ(Pushed(), "step1-success");
  ASSERT_TRUE(store_.Ask(batches().Open(Bid("overall"), kWhen)));
  New("step2", "success", "overall");
  Join("step2");
  Commit("step2");
  Commit("overall");
  End("step1", "success");
  EXPECT_EQ(Pushed(), "");
  Ack("step2");
  EXPECT_EQ(Pushed(), "step2-success");
  End("step2", "success");
  EXPECT_EQ(Pushed(), "overall-success");
}

TEST_F(BatchesTest, ChildrenWithoutACallbackOfThatKindAreWaitedForAsWell) {
  New("a", "success");
  New("b", "complete", "a");
  New("c", "success", "b");
  Join("c");
  Commit("a");
  Commit("b");
  Commit("c");
  Ack("c");
  EXPECT_EQ(Pushed(), "c-success");
  End("c", "success");
  EXPECT_EQ(Pushed(), "b-complete");
  End("b", "complete");
  EXPECT_EQ(Pushed(), "a-success");
}

TEST_F(BatchesTest, WhatIsNotThereIsNamed) {
  EXPECT_EQ(batches().Open(Bid("none"), kWhen).error(),
            (Error{Errc::kNotFound, "No such batch b-test-none"}));
  EXPECT_EQ(batches().Commit(Bid("none"), kWhen).error().detail, "No such batch b-test-none");
  EXPECT_EQ(batches().Join(Bid("none"), kWhen).error().detail, "No such batch b-test-none");
  EXPECT_EQ(Status("none"), "No such batch b-test-none");
  EXPECT_EQ(TryNew("b", "success", "none").error().detail, "No such batch b-test-none");
  EXPECT_EQ(TryNew("b", "").error(),
            (Error{Errc::kInvalidArgument, "a batch needs a success or complete callback"}));
  Move("none", kPending, kSucceeded);
  End("none", "success");
}

TEST_F(BatchesTest, AJobThatTheBatchDoesNotCountChangesNothing) {
  New("batch", "success");
  Commit("batch");
  EXPECT_EQ(Pushed(), "batch-success");
  Ack("batch");
  Move("batch", kFailed, kSucceeded);
  EXPECT_EQ(Status("batch"), "0/0/0 /1");
}

TEST_F(BatchesTest, LimitsAreNamed) {
  store_ = BatchStore(
      {.batches_max = 3, .callback_bytes_max = 300, .all_callbacks_bytes_max = 600, .depth_max = 2});
  New("a", "success");
  New("b", "success", "a");
  EXPECT_EQ(TryNew("c", "success", "b").error(),
            (Error{Errc::kLimitExceeded, "batches are nested at most 2 deep"}));
  ASSERT_TRUE(TryNew("c", "success"));
  EXPECT_EQ(TryNew("d", "success").error(),
            (Error{Errc::kLimitExceeded, "at most 3 batches at a time (jobs.batches_max)"}));

  store_ = BatchStore({.callback_bytes_max = 300, .all_callbacks_bytes_max = 600});
  const std::string long_custom = R"({"x":")" + std::string(300, 'x') + "\"}";
  EXPECT_EQ(batches().New("b-test-d", {.success = CallbackJob("callback-1", long_custom)}, kWhen).error(),
            (Error{Errc::kLimitExceeded, "a callback has at most 300 bytes"}));
  New("a", "complete success");
  EXPECT_EQ(TryNew("b", "complete success").error(),
            (Error{Errc::kLimitExceeded, "the callbacks of all batches have at most 600 bytes together"}));
  Commit("a");
  EXPECT_EQ(Pushed(), "a-complete");
  EXPECT_TRUE(TryNew("b", "success")) << "what was pushed is not held any more";
}

TEST_F(BatchesTest, FinishedBatchesMakeRoom) {
  store_ = BatchStore({.batches_max = 1});
  New("a", "success");
  Commit("a");
  EXPECT_EQ(Pushed(), "a-success");
  EXPECT_FALSE(TryNew("b", "success"));
  End("a", "success");
  New("b", "success");
  EXPECT_EQ(Status("a"), "No such batch b-test-a");
  store_.Flush();
  EXPECT_FALSE(store_.records().contains({"batch", Bid("a")}));
}

TEST_F(BatchesTest, ABatchThatIsNeverCommittedIsForgottenAfterHalfAnHour) {
  New("parent", "success");
  New("child", "success", "parent");
  Commit("parent");
  store_.now = store_.now + Minutes(29);
  Join("child");
  store_.now = store_.now + Minutes(29);
  EXPECT_FALSE(batches().Expire(store_.now, 10));
  EXPECT_EQ(Status("child"), "1/1/0 /");
  store_.now = store_.now + Minutes(1);
  EXPECT_FALSE(batches().Expire(store_.now, 10));
  EXPECT_EQ(Status("child"), "No such batch b-test-child");
  EXPECT_EQ(Pushed(), "parent-success") << "as if it had not been";
  for (const auto& [key, record] : store_.records()) EXPECT_FALSE(key.second.contains("child")) << key.second;
}

TEST_F(BatchesTest, TheStoreMayDropARecordWhenTheBatchIsForgotten) {
  New("batch", "success");
  Commit("batch");
  store_.Flush();
  const auto expiry = [&] { return *store_.records().at({"batch", Bid("batch")}).expires_at - store_.now; };
  EXPECT_EQ(expiry(), Hours(30 * 24));
  End("batch", "success");
  store_.Flush();
  EXPECT_EQ(expiry(), Hours(24));
}

TEST_F(BatchesTest, AStoredBatchThatIsAboveItselfIsForgottenOnce) {
  const char* const value =
      R"({"parent":"b","created":1,"changed":2,"depth":1,"was_committed":true,"committed":true,"total":1,)"
      R"("pending":1,"children":1,"children_incomplete":1,"children_unsuccessful":1})";
  ASSERT_TRUE(batches().Load({.kind = "batch", .key = "b", .value = value}));
  while (batches().Recover(store_.now, 8)) {
  }
  batches().Move("b", kPending, kSucceeded, store_.now);
  EXPECT_FALSE(batches().Expire(store_.now + Hours(24 * 400), 8));
  EXPECT_FALSE(batches().Find("b"));
}

TEST_F(BatchesTest, ForgettingIsSliced) {
  for (int i = 0; i < 10; ++i) New("b" + std::to_string(i), "success");
  store_.now = store_.now + Hours(1);
  EXPECT_TRUE(batches().Expire(store_.now, 6));
  EXPECT_EQ(batches().size(), 4U);
  EXPECT_FALSE(batches().Expire(store_.now, 6));
  EXPECT_EQ(batches().size(), 0U);
}

TEST_F(BatchesTest, AFlushThatFailsUndoesWhatClientsAskedForAndKeepsTheRest) {
  New("batch", "complete");
  Join("batch");
  store_.Flush();
  Join("batch");
  ASSERT_TRUE(store_.Ask(batches().Commit(Bid("batch"), kWhen)));
  Ack("batch");
  New("other", "success", "batch");
  store_.Flush(false);
  EXPECT_EQ(Status("batch"), "1/0/0 /") << "the second join is undone, the acknowledgement is not";
  EXPECT_FALSE(batches().Find(Bid("batch"))->is_committed);
  EXPECT_EQ(batches().Find(Bid("batch"))->children, 0U);
  EXPECT_EQ(Status("other"), "No such batch b-test-other");
  Commit("batch");
  EXPECT_EQ(Pushed(), "batch-complete");
}

TEST_F(BatchesTest, ACallbackOfAFlushThatFailsComesWithTheNext) {
  New("batch", "success");
  Join("batch");
  Commit("batch");
  Ack("batch");
  store_.Flush(false);
  EXPECT_TRUE(store_.TakePushed().empty());
  EXPECT_EQ(Pushed(), "batch-success");
  EXPECT_EQ(Pushed(), "");
}

TEST_F(BatchesTest, AnAnswerToTwoCommitsThatFailIsThatItIsNotCommitted) {
  New("batch", "success");
  store_.Flush();
  ASSERT_TRUE(store_.Ask(batches().Commit(Bid("batch"), kWhen)));
  store_.BeginFlush();
  ASSERT_TRUE(store_.Ask(batches().Open(Bid("batch"), kWhen)));
  store_.EndFlush(false);
  store_.Flush(false);
  EXPECT_FALSE(batches().Find(Bid("batch"))->is_committed);
  EXPECT_EQ(Pushed(), "");
}

TEST_F(BatchesTest, ARestartFindsWhatWasKept) {
  New("parent", "complete success");
  New("child", "success", "parent");
  Join("child", 2);
  Commit("child");
  Commit("parent");
  Ack("child");
  store_.Flush();
  const Batch before = batches().Find(Bid("child")).value();
  store_.Restart();
  EXPECT_EQ(batches().Find(Bid("child")).value(), before);
  Ack("child");
  store_.Restart();
  EXPECT_EQ(Status("child"), "2/1/0 /") << "what was not flushed did not happen";
  Ack("child");
  EXPECT_EQ(Pushed(), "child-success");
  store_.Restart();
  EXPECT_EQ(Pushed(), "");
  End("child", "success");
  EXPECT_EQ(Pushed(), "parent-complete");
}

TEST_F(BatchesTest, ACommitThatWasKeptCallsBackAfterARestart) {
  New("batch", "success");
  ASSERT_TRUE(store_.Ask(batches().Commit(Bid("batch"), kWhen)));
  store_.Flush();  // the callback would go into the next one
  store_.Restart();
  EXPECT_EQ(Pushed(), "batch-success");
}

TEST_F(BatchesTest, RecordsThatContradictThemselvesAreRefused) {
  for (const char* value : {"", "[]", R"({"total":1,"pending":2})", R"({"failed":1})",
                            R"({"complete":{"state":9}})", R"({"children_incomplete":1})"}) {
    SCOPED_TRACE(value);
    EXPECT_FALSE(batches().Load({.kind = "batch", .key = "b", .value = value}));
  }
  EXPECT_FALSE(batches().Load({.kind = "lock", .key = "b", .value = "{}"}));
  EXPECT_FALSE(batches().Load({.kind = "batch_callback", .key = "b/success", .value = "{}"}));
}

TEST_F(BatchesTest, AreListedInTheOrderOfTheirIds) {
  for (const char* bid : {"b3", "b1", "b2"}) New(bid, "success");
  EXPECT_EQ(batches().List("", 2).size(), 2U);
  EXPECT_EQ(batches().List(Bid("b1"), 10).at(0).bid, Bid("b2"));
}

// A million jobs are a few numbers, and ten thousand batches one flush.
TEST_F(BatchesTest, AMillionJobsMayJoin) {
  New("batch", "success");
  Join("batch", 1'000'000);
  Commit("batch");
  EXPECT_LT(store_.records().at({"batch", Bid("batch")}).value.size(), 500U);
  for (int i = 0; i < 1'000'000; ++i) Ack("batch");
  EXPECT_EQ(Pushed(), "batch-success");
}

TEST_F(BatchesTest, AChainAsDeepAsAllowedEndsInOneCall) {
  for (int i = 0; i < 100; ++i)
    New("b" + std::to_string(i), "success", i > 0 ? "b" + std::to_string(i - 1) : "");
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(store_.Ask(batches().Commit(Bid("b" + std::to_string(i)), kWhen)));
  EXPECT_EQ(Pushed(), "");
  for (int i = 99; i >= 0; --i) {
    EXPECT_EQ(Pushed(), "b" + std::to_string(i) + "-success");
    End("b" + std::to_string(i), "success");
  }
}

}  // namespace
}  // namespace tidemill::jobs
