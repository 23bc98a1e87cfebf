#include "jobs/workflows/workflows.h"

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tidemill::jobs {
namespace {

constexpr WallTime kWhen{1'750'000'000'000};

class WorkflowsTest : public ::testing::Test {
 protected:
  // A job called "a" has the jid "job-000a".
  static std::string Jid(const std::string& name) { return "job-000" + name; }

  Result<Workflows::Added> TryPush(const std::string& name, const std::string& custom) {
    const std::string text =
        R"({"jid":")" + Jid(name) + R"(","jobtype":"T","args":[],"custom":)" + custom + "}";
    auto job = job::ParseJob(text, now_);
    EXPECT_TRUE(job) << job.error().detail;
    return workflows_.Add(*job, JobId(++last_id_), now_);
  }
  void Push(const std::string& name, const std::string& custom) {
    const auto added = TryPush(name, custom);
    ASSERT_TRUE(added) << added.error().detail;
  }
  void Done(const std::string& name, const std::string& result = "") {
    workflows_.End(Jid(name), NodeEnd::kDone, result, now_);
  }
  void End(const std::string& name, NodeEnd end) { workflows_.End(Jid(name), end, "", now_); }

  // Carries out what is due, and says it: "a" for one that is released, "-a" for one that is cancelled, "!a"
  // for one that has timed out.
  std::string Run() {
    std::string all;
    const auto note = [&](const std::string& what) { all += (all.empty() ? "" : " ") + what; };
    while (workflows_.has_work()) {
      workflows_.Advance(3, now_);
      for (const auto& ready : workflows_.TakeReady(3)) {
        inputs_[ready.jid] = workflows_.Release(ready.jid, now_).value();
        note(ready.jid.substr(7));
      }
      for (const auto& cancelled : workflows_.TakeCancelled(3)) {
        note((cancelled.timed_out.empty() ? "-" : "!") + cancelled.jid.substr(7));
        workflows_.End(cancelled.jid, cancelled.timed_out.empty() ? NodeEnd::kGone : NodeEnd::kDead, "",
                       now_);
      }
    }
    return all;
  }
  void Flush() { Write(workflows_.Gather()); }
  void Write(const Workflows::Output& output) {
    for (const RecordKey& key : output.deletes) records_.erase({key.kind, key.key});
    for (const Record& record : output.records) records_[{record.kind, record.key}] = record;
  }
  // What was not flushed is gone.
  void Restart() {
    (void)workflows_.Clear();
    for (const auto& [key, record] : records_) ASSERT_TRUE(workflows_.Load(record));
    while (workflows_.Recover(2)) {
    }
  }
  std::string State(const std::string& name) {
    const auto view = workflows_.Find(Jid(name));
    return view ? std::string(Name(view->node.state)) : "none";
  }
  const Workflows::Inputs& InputsOf(const std::string& name) { return inputs_[Jid(name)]; }

  Workflows workflows_;
  WallTime now_ = kWhen;
  std::uint64_t last_id_ = 0;
  std::map<std::pair<std::string, std::string>, Record> records_;
  std::map<std::string, Workflows::Inputs> inputs_;
};

constexpr const char* kMember = R"({"workflow":"w-1"})";

TEST_F(WorkflowsTest, AJobThatSaysNothingIsNoNode) {
  EXPECT_EQ(TryPush("a", R"({"mine":1})"), Workflows::Added::kNoNode);
  Done("a");
  EXPECT_EQ(workflows_.size(), 0U);
}

TEST_F(WorkflowsTest, ADependentRunsWhenAllItDependsOnIsDoneAndGetsTheResults) {
  EXPECT_EQ(TryPush("a", R"({"workflow":"w-1","node":"resize"})"), Workflows::Added::kOpen);
  Push("b", kMember);
  EXPECT_EQ(TryPush("c", R"({"workflow":"w-1","depends_on":["job-000a","job-000b"]})"),
            Workflows::Added::kBlocked);
  Done("a", R"({"width":7})");
  EXPECT_EQ(Run(), "");
  EXPECT_EQ(workflows_.Find(Jid("c"))->missing_jobs, std::vector<std::string>{Jid("b")});
  Done("b");
  EXPECT_EQ(Run(), "c");
  EXPECT_EQ(InputsOf("c").results, R"({"resize":{"width":7},"job-000b":null})");
  EXPECT_EQ(InputsOf("c").failed, "");
  EXPECT_EQ(State("c"), "open");
}

TEST_F(WorkflowsTest, AnEndThatCameFirstCounts) {
  Push("a", kMember);
  Done("a", "1");
  EXPECT_EQ(TryPush("b", R"({"depends_on":["job-000a"]})"), Workflows::Added::kBlocked);
  EXPECT_EQ(Run(), "b");
  EXPECT_EQ(InputsOf("b").results, R"({"job-000a":1})");
}

TEST_F(WorkflowsTest, ADependencyThatIsNotKnownIsNamed) {
  EXPECT_EQ(TryPush("a", R"({"depends_on":["job-000x"]})").error(),
            (Error{Errc::kNotFound,
                   "custom.depends_on: job job-000x is not known; push it first, with a custom.workflow, so "
                   "that its end is remembered"}));
  EXPECT_EQ(TryPush("a", R"({"depends_on":["job-000a"]})").error().code, Errc::kNotFound) << "itself";
  EXPECT_EQ(workflows_.size(), 0U);
}

TEST_F(WorkflowsTest, AJidIsNotUsedAgainWhileItsJobLives) {
  Push("a", kMember);
  EXPECT_EQ(TryPush("a", kMember).error().code, Errc::kAlreadyExists);
  Done("a");
  EXPECT_TRUE(TryPush("a", kMember));
}

TEST_F(WorkflowsTest, WhatBecomesOfDependentsOfADeadJobIsTheirChoice) {
  Push("a", kMember);
  Push("b", R"({"depends_on":["job-000a"]})");
  Push("c", R"({"depends_on":["job-000a"],"on_failure":"cancel"})");
  Push("d", R"({"depends_on":["job-000c"],"on_failure":"cancel"})");
  Push("e", R"({"depends_on":["job-000a"],"on_failure":"run"})");
  End("a", NodeEnd::kDead);
  EXPECT_EQ(Run(), "e -c -d");
  EXPECT_EQ(InputsOf("e").failed, R"(["job-000a"])");
  EXPECT_EQ(State("b"), "blocked");
  EXPECT_EQ(State("c"), "none");
  // It is run again by hand, and succeeds.
  workflows_.Revive(Jid("a"), now_);
  Done("a");
  EXPECT_EQ(Run(), "b");
}

TEST_F(WorkflowsTest, ADependentThatComesAfterTheDeathFindsIt) {
  Push("a", kMember);
  End("a", NodeEnd::kGone);
  Push("b", R"({"depends_on":["job-000a"],"on_failure":"cancel"})");
  Push("c", R"({"depends_on":["job-000a"],"on_failure":"run"})");
  Push("d", R"({"depends_on":["job-000a"]})");
  EXPECT_EQ(Run(), "c -b");
  EXPECT_EQ(State("d"), "blocked");
  EXPECT_TRUE(workflows_.Force(Jid("d")));
  EXPECT_EQ(Run(), "d");
  EXPECT_FALSE(workflows_.Force(Jid("d")));
}

TEST_F(WorkflowsTest, ARevivalBeforeItWasToldToAllIsToldToAll) {
  Push("a", kMember);
  for (int i = 0; i < 9; ++i) Push("b" + std::to_string(i), R"({"depends_on":["job-000a"]})");
  End("a", NodeEnd::kDead);
  workflows_.Advance(4, now_);
  workflows_.Revive(Jid("a"), now_);
  Done("a");
  EXPECT_EQ(Run(), "b4 b5 b6 b7 b8 b0 b1 b2 b3");
}

TEST_F(WorkflowsTest, SignalsSatisfyThoseWhoWaitAndThoseWhoComeLater) {
  Push("a", R"({"signals":["paid 7"]})");
  EXPECT_EQ(workflows_.Find(Jid("a"))->missing_signals, std::vector<std::string>{"paid 7"});
  ASSERT_TRUE(workflows_.Signal("paid 7", R"({"amount":10})", now_));
  EXPECT_EQ(Run(), "a");
  EXPECT_EQ(InputsOf("a").signals, R"({"paid 7":{"amount":10}})");
  Push("b", R"({"signals":["paid 7"]})");
  EXPECT_EQ(Run(), "b");
  now_ = now_ + Hours(24 * 7);
  EXPECT_FALSE(workflows_.Expire(now_, 10));
  Push("c", R"({"signals":["paid 7"]})");
  EXPECT_EQ(Run(), "");
}

TEST_F(WorkflowsTest, ASignalThatCameInTimeStaysForThoseWhoWaitedForIt) {
  constexpr Duration kTenDays = Hours(24 * 10);
  Push("x", kMember);
  Push("a", R"({"depends_on":["job-000x"],"signals":["paid"],"signals_within":864000})");
  Push("b", R"({"depends_on":["job-000x"],"signals":["paid"]})");
  ASSERT_TRUE(workflows_.Signal("paid", "7", now_));
  ASSERT_TRUE(workflows_.Signal("other", "8", now_));
  EXPECT_EQ(Run(), "");
  for (const bool restarts : {false, true}) {
    Flush();
    EXPECT_EQ((records_[{"signal", "paid"}].expires_at), std::nullopt) << "the store is not to drop it";
    if (restarts) Restart();
    now_ = now_ + kTenDays;
    EXPECT_FALSE(workflows_.Expire(now_, 10));
    EXPECT_EQ(Run(), "") << "nobody is dead for a signal that came";
  }
  Flush();
  EXPECT_FALSE(records_.contains({"signal", "other"}));
  Done("x");
  EXPECT_EQ(Run(), "a b");
  EXPECT_EQ(InputsOf("a").signals, R"({"paid":7})");
  EXPECT_EQ(InputsOf("a").timed_out, "");
  // Nobody waits: it goes as others do.
  (void)workflows_.Expire(now_, 10);
  now_ = now_ + Hours(24 * 7);
  (void)workflows_.Expire(now_, 10);
  Flush();
  EXPECT_FALSE(records_.contains({"signal", "paid"}));
}

TEST_F(WorkflowsTest, AStartWritesNoSignalAgainThatIsAsItWas) {
  Push("x", kMember);
  Push("a", R"({"depends_on":["job-000x"],"signals":["paid"]})");
  ASSERT_TRUE(workflows_.Signal("paid", "7", now_));
  Flush();
  Restart();
  for (const Record& record : workflows_.Gather().records) EXPECT_NE(record.kind, "signal");
  Done("x");
  EXPECT_EQ(Run(), "a");
  Flush();
  EXPECT_FALSE(workflows_.Expire(now_, 10));
  Flush();
  EXPECT_EQ((records_[{"signal", "paid"}].expires_at), now_ + Hours(24 * 7)) << "now nobody waits";
}

TEST_F(WorkflowsTest, WaitsForSignalsNoLongerThanItMay) {
  Push("f", R"({"signals":["go","now"],"signals_within":60})");
  Push("c", R"({"signals":["go","now"],"signals_within":60,"on_timeout":"continue"})");
  Push("l", R"({"signals":["go","now"],"signals_within":90})");
  Push("d", R"({"depends_on":["job-000f"],"on_failure":"run"})");
  ASSERT_TRUE(workflows_.Signal("go", "1", now_));
  EXPECT_EQ(workflows_.next_timeout(), now_ + Seconds(60));
  now_ = now_ + Seconds(59);
  EXPECT_FALSE(workflows_.Expire(now_, 10));
  EXPECT_EQ(Run(), "");
  Flush();
  Restart();
  now_ = now_ + Seconds(1);
  EXPECT_TRUE(workflows_.Expire(now_, 1)) << "one at a time";
  EXPECT_FALSE(workflows_.Expire(now_, 10));
  EXPECT_EQ(Run(), "c !f d");
  EXPECT_EQ(inputs_[Jid("c")].signals, R"({"go":1,"now":null})");
  EXPECT_EQ(inputs_[Jid("c")].timed_out, R"(["now"])");
  ASSERT_TRUE(workflows_.Signal("now", "2", now_));
  EXPECT_EQ(Run(), "l");
  EXPECT_EQ(inputs_[Jid("l")].timed_out, "");
  EXPECT_EQ(workflows_.next_timeout(), std::nullopt);
}

TEST_F(WorkflowsTest, SignalsAreCheckedAndLimited) {
  for (const std::string_view name : {"", "a\nb", "\x7f", "\xff"}) {
    EXPECT_EQ(workflows_.Signal(name, "", now_).error().code, Errc::kInvalidArgument) << name;
  }
  EXPECT_EQ(workflows_.Signal("s", "{", now_).error(),
            (Error{Errc::kInvalidArgument, "a signal's payload is JSON, at most 61 levels deep"}));
  EXPECT_EQ(workflows_.Signal("s", '"' + std::string(70'000, 'x') + '"', now_).error().detail,
            "a signal's payload has at most 65536 bytes");
  Workflows few({.signals_max = 1});
  EXPECT_TRUE(few.Signal("a", "", now_));
  EXPECT_EQ(few.Signal("b", "", now_).error().detail, "at most 1 signals at a time (jobs.signals_max)");
  EXPECT_TRUE(few.Signal("a", "2", now_ + Hours(24)));
  EXPECT_FALSE(few.Expire(now_ + Hours(24 * 7), 10));
  EXPECT_FALSE(few.Signal("b", "", now_)) << "it came again a day later";
  EXPECT_FALSE(few.Expire(now_ + Hours(24 * 8), 10));
  EXPECT_TRUE(few.Signal("b", "", now_));
}

TEST_F(WorkflowsTest, ASequenceRunsOneAtATimeInTheOrderOfPushes) {
  EXPECT_EQ(TryPush("a", R"({"sequence_key":"s"})"), Workflows::Added::kOpen);
  Push("b", R"({"sequence_key":"s"})");
  Push("c", R"({"sequence_key":"s"})");
  EXPECT_EQ(TryPush("d", R"({"sequence_key":"other"})"), Workflows::Added::kOpen);
  EXPECT_EQ(workflows_.Find(Jid("c"))->behind, Jid("a"));
  Done("a");
  EXPECT_EQ(Run(), "b");
  End("b", NodeEnd::kGone);
  EXPECT_EQ(Run(), "c");
  Done("c");
  Done("d");
  EXPECT_EQ(workflows_.size(), 0U) << "in no workflow, ends are not remembered";
}

TEST_F(WorkflowsTest, ADeadJobHaltsItsSequenceUntilItIsRepaired) {
  Push("a", R"({"sequence_key":"s"})");
  Push("b", R"({"sequence_key":"s"})");
  Push("c", R"({"sequence_key":"s"})");
  EXPECT_EQ(workflows_.Skip("s", now_).error().detail, "sequence s is not halted: its job job-000a is open");
  EXPECT_EQ(workflows_.Skip("none", now_).error().code, Errc::kNotFound);
  End("a", NodeEnd::kDead);
  EXPECT_EQ(Run(), "");
  const SequenceView view = workflows_.Sequences("", 10).at(0);
  EXPECT_EQ(view.key, "s");
  EXPECT_EQ(view.length, 3U);
  EXPECT_EQ(view.head, Jid("a"));
  EXPECT_TRUE(view.is_halted);
  workflows_.Revive(Jid("a"), now_);  // run again in its place
  EXPECT_FALSE(workflows_.Sequences("", 10).at(0).is_halted);
  EXPECT_EQ(Run(), "");
  Done("a");
  EXPECT_EQ(Run(), "b");
  End("b", NodeEnd::kDead);
  ASSERT_TRUE(workflows_.Skip("s", now_));
  EXPECT_EQ(Run(), "c");
  Flush();
  Restart();
  EXPECT_EQ(workflows_.Sequences("", 10).at(0).head, Jid("c")) << "what was passed over stays passed over";
}

TEST_F(WorkflowsTest, ASequenceMayPassOverItsDead) {
  Push("a", R"({"sequence_key":"s","sequence_on_dead":"skip"})");
  Push("b", R"({"sequence_key":"s"})");
  End("a", NodeEnd::kDead);
  EXPECT_EQ(Run(), "b");
}

TEST_F(WorkflowsTest, OneInTheMiddleOfASequenceMayGo) {
  for (const char* name : {"a", "b", "c"}) Push(name, R"({"sequence_key":"s"})");
  End("b", NodeEnd::kGone);
  EXPECT_EQ(Run(), "");
  Done("a");
  EXPECT_EQ(Run(), "c");
}

TEST_F(WorkflowsTest, APushThatWasNotKeptWasNeverThere) {
  Push("a", R"({"workflow":"w-1","sequence_key":"s"})");
  Push("b", R"({"workflow":"w-1","sequence_key":"s"})");
  Push("c", R"({"depends_on":["job-000b"],"signals":["x"]})");
  EXPECT_FALSE(workflows_.Drop(Jid("a"), JobId(2), now_)) << "a job of that jid that is no node";
  EXPECT_TRUE(workflows_.Drop(Jid("a"), JobId(1), now_));
  EXPECT_EQ(Run(), "b");
  EXPECT_TRUE(workflows_.Drop(Jid("b"), JobId(2), now_));
  EXPECT_TRUE(workflows_.Drop(Jid("c"), JobId(3), now_));
  EXPECT_EQ(Run(), "");
  EXPECT_EQ(workflows_.size(), 0U);
  EXPECT_TRUE(workflows_.Workflow("w-1", 10).empty());
  Flush();
  EXPECT_TRUE(records_.empty());
}

TEST_F(WorkflowsTest, AWorkflowIsSeenAsAWhole) {
  Push("a", R"({"workflow":"w-1","node":"first"})");
  Push("b", R"({"workflow":"w-1","node":"second","depends_on":["job-000a"]})");
  const auto views = workflows_.Workflow("w-1", 10);
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[0].node.name, "first");
  EXPECT_EQ(views[1].missing_jobs, std::vector<std::string>{Jid("a")});
  Done("a");
  EXPECT_EQ(Run(), "b");
  Done("b");
  EXPECT_EQ(workflows_.Workflow("w-1", 10).size(), 2U);
  now_ = now_ + Hours(24);
  EXPECT_FALSE(workflows_.Expire(now_, 10));
  EXPECT_EQ(workflows_.size(), 0U);
}

TEST_F(WorkflowsTest, ResultsHaveLimits) {
  Push("a", kMember);
  Push("b", R"({"depends_on":["job-000a"]})");
  Done("a", '"' + std::string(70'000, 'x') + '"');
  EXPECT_EQ(Run(), "b");
  EXPECT_EQ(InputsOf("b").results, R"({"job-000a":null})");
}

TEST_F(WorkflowsTest, LimitsAreNamedAndWhatHasEndedMakesRoom) {
  Workflows few({.nodes_max = 1});
  const auto push = [&](const char* jid) {
    const std::string text =
        R"({"jid":")" + std::string(jid) + R"(","jobtype":"T","args":[],"custom":{"workflow":"w"}})";
    return few.Add(job::ParseJob(text, now_).value(), JobId(++last_id_), now_);
  };
  EXPECT_TRUE(push("job-0001"));
  EXPECT_EQ(push("job-0002").error(),
            (Error{Errc::kLimitExceeded,
                   "at most 1 jobs that wait, or belong to a workflow (jobs.workflow_jobs_max)"}));
  few.End("job-0001", NodeEnd::kDone, "", now_);
  EXPECT_TRUE(push("job-0002"));
}

// At each boundary between flushes the process ends: whoever was not released is released afterwards, and
// nobody twice.
TEST_F(WorkflowsTest, ARestartReleasesEachOnce) {
  for (int crash = 0; crash < 12; ++crash) {
    SCOPED_TRACE(crash);
    (void)workflows_.Clear();
    records_.clear();
    std::map<std::string, int> released;
    int step = 0;
    std::map<std::string, bool> kept_done;
    const auto boundary = [&] {
      Flush();
      if (step++ == crash) Restart();
    };
    const auto release_all = [&] {
      while (workflows_.has_work()) {
        workflows_.Advance(1, now_);
        for (const auto& ready : workflows_.TakeReady(1)) {
          if (step == crash && step % 2 == 0) {  // while its text is being loaded
            ++step;
            Restart();
            break;
          }
          ASSERT_TRUE(workflows_.Release(ready.jid, now_));
          ++released[ready.jid];
          boundary();
        }
      }
    };
    Push("a", kMember);
    Push("b", kMember);
    for (int i = 0; i < 3; ++i)
      Push("c" + std::to_string(i), R"({"depends_on":["job-000a","job-000b"],"sequence_key":"s"})");
    Push("d", R"({"depends_on":["job-000c2"],"signals":["go"]})");
    boundary();
    Done("a", "1");
    boundary();
    Done("b", "2");
    boundary();
    for (int i = 0; i < 3; ++i) {
      release_all();
      Done("c" + std::to_string(i), "3");
      boundary();
    }
    ASSERT_TRUE(workflows_.Signal("go", "4", now_));
    boundary();
    release_all();
    EXPECT_EQ(released, (std::map<std::string, int>{
                            {"job-000c0", 1}, {"job-000c1", 1}, {"job-000c2", 1}, {"job-000d", 1}}));
    EXPECT_EQ(State("d"), "open");
  }
}

TEST_F(WorkflowsTest, RecordsThatAreNoneAreRefused) {
  for (const char* value : {"", "[]", "{}", R"({"id":1,"state":7})", R"({"id":1,"on_failure":-1})"}) {
    SCOPED_TRACE(value);
    EXPECT_FALSE(workflows_.Load({.kind = "node", .key = "job-0001", .value = value}));
  }
  EXPECT_FALSE(workflows_.Load({.kind = "lock", .key = "x", .value = "{}"}));
  EXPECT_FALSE(workflows_.Load({.kind = "signal", .key = "x", .value = "{", .expires_at = kWhen}));
}

TEST_F(WorkflowsTest, ANodeIsReadAsItWasWritten) {
  const Node node{.jid = "job-0001",
                  .id = JobId(7),
                  .queue = "default",
                  .workflow = "w",
                  .name = "n",
                  .state = NodeState::kDead,
                  .depends_on = {"a", "b\"c"},
                  .signals = {"s"},
                  .signals_until = kWhen + Seconds(9),
                  .on_timeout = job::Flow::OnTimeout::kContinue,
                  .on_failure = job::Flow::OnFailure::kRun,
                  .sequence = "q",
                  .on_dead = job::Flow::OnDead::kSkip,
                  .result = R"({"x":1e400})",
                  .changed_at = kWhen};
  EXPECT_EQ(DecodeNode(EncodeNode(node, std::nullopt)).value(), node);
}

std::chrono::nanoseconds ProcessorTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// A hundred thousand jobs that wait for one: no slice takes long, and each is released once.
TEST_F(WorkflowsTest, AHundredThousandDependentsAreToldInSlices) {
  Push("a", kMember);
  const std::string waits = R"({"depends_on":["job-000a"]})";
  for (int i = 0; i < 100'000; ++i) Push("b" + std::to_string(i), waits);
  Flush();
  const auto begin = ProcessorTime();
  Done("a");
  EXPECT_LT(ProcessorTime() - begin, std::chrono::milliseconds(5));
  std::size_t released = 0;
  auto longest = std::chrono::nanoseconds(0);
  while (workflows_.has_work()) {
    const auto slice = ProcessorTime();
    workflows_.Advance(200, now_);
    for (const auto& ready : workflows_.TakeReady(200))
      released += workflows_.Release(ready.jid, now_) ? 1 : 0;
    longest = std::max(longest, ProcessorTime() - slice);
  }
  EXPECT_EQ(released, 100'000U);
  EXPECT_LT(longest, std::chrono::milliseconds(25)) << "a slice of 200, in whatever build this is";
}

// Those that are released first leave those that are not told yet in their places.
TEST_F(WorkflowsTest, ThousandsThatWaitForASignalAreToldInSlices) {
  const std::string waits = R"({"signals":["go"],"signals_within":60})";
  for (int i = 0; i < 3000; ++i) Push("b" + std::to_string(i), waits);
  ASSERT_TRUE(workflows_.Signal("go", "1", now_));
  Push("late", waits);
  std::string last;
  std::size_t released = 0;
  for (int slices = 0; workflows_.has_work(); ++slices) {
    ASSERT_LT(slices, 100);
    workflows_.Advance(500, now_);
    for (const auto& ready : workflows_.TakeReady(200)) {
      released += workflows_.Release(ready.jid, now_) ? 1 : 0;
      last = ready.jid;
    }
  }
  EXPECT_EQ(released, 3001U);
  EXPECT_EQ(last, Jid("b2999")) << "in the order of pushes, but for the one that needed not wait";
}

// Thousands that time out at once leave the list of a signal that never comes.
TEST_F(WorkflowsTest, WaitingForASignalInVainCostsLittle) {
  const std::string waits = R"({"signals":["never"],"signals_within":60})";
  for (int i = 0; i < 20'000; ++i) Push("b" + std::to_string(i), waits);
  now_ = now_ + Seconds(60);
  while (workflows_.Expire(now_, 1000)) {
  }
  const auto begin = ProcessorTime();
  std::size_t ended = 0;
  while (workflows_.has_work()) {
    auto all = workflows_.TakeCancelled(200);
    std::ranges::reverse(all);
    for (const auto& job : all) workflows_.End(job.jid, NodeEnd::kGone, "", now_);
    ended += all.size();
  }
  EXPECT_EQ(ended, 20'000U);
  EXPECT_LT(ProcessorTime() - begin, std::chrono::milliseconds(500));
}

}  // namespace
}  // namespace tidemill::jobs
