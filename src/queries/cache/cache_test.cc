#include "queries/cache/cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "queries/cache/testing/fake_query.h"

namespace tidemill::queries {
namespace {

using How = FoundAnswer::How;
using net::testing::OpenLoop;
using net::testing::RunTurns;
using testing::FakeQuery;
using testing::JsonOf;
using testing::KeyOf;

// One loop, driven by hand, with a clock that the test moves.
class CacheTest : public ::testing::Test {
 protected:
  // A request: it has a result when it was answered; destroyed before, it hung up.
  struct Request {
    std::optional<Result<FoundAnswer>> result;
    TaskScope scope;
  };

  std::shared_ptr<const CachePolicy> Policy(Duration swr = Duration{}) {
    const std::vector<std::string> tables = {"orders"};
    return MakeCachePolicy({.ttl = Seconds(30), .stale_while_revalidate = swr}, tables, store_.generations());
  }
  std::unique_ptr<Request> Ask(std::shared_ptr<const CachePolicy> policy, std::string_view endpoint = "e") {
    auto request = std::make_unique<Request>();
    request->scope.Spawn(net::testing::Keep(
        cache_.Get(KeyOf(endpoint), std::move(policy), [this] { return query_.Run(); }), request->result));
    return request;
  }
  static std::string Body(const Request& request) {
    if (!request.result) return "(waits)";
    if (!*request.result) return "(" + (*request.result).error().detail + ")";
    return (*request.result)->answer->response.body;
  }
  static How HowOf(const Request& request) { return request.result->value().how; }
  void Advance(Duration by) {
    clock_.Advance(by);
    RunTurns(*loop_, 1);
  }
  template <class Response>
  void Answer(std::size_t number, Response response) {
    query_.Answer(number, std::move(response));
    RunTurns(*loop_, 1);
  }
  CacheMetrics& metrics() { return store_.metrics(); }

  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_ = OpenLoop({.clock = &clock_});
  metrics::Registry registry_;
  AnswerStore store_{{.bytes_max = 1 << 20, .entry_bytes_max = 10'000}, registry_};
  FakeQuery query_{*loop_};
  Cache cache_{*loop_, store_};
  const std::shared_ptr<const CachePolicy> policy_ = Policy();
};

TEST_F(CacheTest, RunsTheQueryOnceAndThenGivesWhatItKept) {
  const auto first = Ask(policy_);
  EXPECT_EQ(Body(*first), "(waits)");
  Answer(0, "[1]");
  EXPECT_EQ(Body(*first), "[1]");
  EXPECT_EQ(HowOf(*first), How::kMiss);
  EXPECT_TRUE(first->result->value().kept);

  Advance(Seconds(20));
  const auto second = Ask(policy_);
  EXPECT_EQ(Body(*second), "[1]");
  EXPECT_EQ(HowOf(*second), How::kHit);
  EXPECT_EQ(second->result->value().age, Seconds(20));
  EXPECT_EQ(query_.begun(), 1u);
  EXPECT_EQ(metrics().hits.value(), 1u);
  EXPECT_EQ(metrics().misses.value(), 1u);
  EXPECT_EQ(metrics().fills.value(), 1u);
}

// It is committed between an answer that was made and the next time that somebody is told.
TEST_F(CacheTest, WhileAWriteMayYetHappenNothingThatItChangesIsKept) {
  store_.generations().Hold("orders");
  const auto first = Ask(policy_);
  const auto joined = Ask(policy_);
  EXPECT_EQ(query_.begun(), 1u) << "one query for all who ask at a time";
  Answer(0, "[1]");
  RunTurns(*loop_, 2);  // one after the other
  EXPECT_EQ(Body(*joined), "[1]");
  ASSERT_EQ(Body(*first), "[1]");
  EXPECT_FALSE(first->result->value().kept);
  const auto second = Ask(policy_);
  EXPECT_EQ(query_.begun(), 2u);
  store_.generations().Release("orders");
  Answer(1, "[1]");
  ASSERT_EQ(Body(*second), "[1]");
  EXPECT_FALSE(second->result->value().kept) << "it may have seen what was there before the write";
  const auto third = Ask(policy_);
  Answer(2, "[2]");
  ASSERT_EQ(Body(*third), "[2]");
  EXPECT_TRUE(third->result->value().kept);
}

TEST_F(CacheTest, KeysDoNotMeet) {
  const auto a = Ask(policy_, "a");
  const auto b = Ask(policy_, "b");
  EXPECT_EQ(query_.begun(), 2u);
  Answer(1, "b");
  Answer(0, "a");
  EXPECT_EQ(Body(*a), "a");
  EXPECT_EQ(Body(*b), "b");
}

TEST_F(CacheTest, AThousandMissesRunOneQuery) {
  std::vector<std::unique_ptr<Request>> requests;
  for (int i = 0; i < 1000; ++i) requests.push_back(Ask(policy_));
  EXPECT_EQ(query_.begun(), 1u);
  Answer(0, "[1]");
  ASSERT_TRUE(net::testing::RunUntil(*loop_, [&] {
    return std::ranges::all_of(requests, [](const auto& request) { return request->result.has_value(); });
  }));
  int joined = 0;
  for (const auto& request : requests) {
    EXPECT_EQ(Body(*request), "[1]");
    joined += HowOf(*request) == How::kJoined;
  }
  EXPECT_EQ(joined, 999);
  EXPECT_EQ(query_.begun(), 1u);
  EXPECT_EQ(metrics().joins.value(), 999u);
}

TEST_F(CacheTest, AFailureFailsAllWhoWaitAndTheNextTriesAgain) {
  const auto a = Ask(policy_);
  const auto b = Ask(policy_);
  Answer(0, Fail(Errc::kUnavailable, "no database"));
  RunTurns(*loop_);
  EXPECT_EQ(Body(*a), "(no database)");
  EXPECT_EQ(Body(*b), "(no database)");
  EXPECT_EQ(metrics().fill_failures.value(), 1u);
  const auto c = Ask(policy_);
  EXPECT_EQ(query_.begun(), 2u);
  Answer(1, "[1]");
  EXPECT_EQ(Body(*c), "[1]");
}

TEST_F(CacheTest, WhoBeganTheQueryMayHangUp) {
  auto first = Ask(policy_);
  const auto second = Ask(policy_);
  first.reset();
  RunTurns(*loop_);
  EXPECT_EQ(query_.running(), 1u);
  Answer(0, "[1]");
  EXPECT_EQ(Body(*second), "[1]");
}

TEST_F(CacheTest, AQueryThatNobodyWaitsForIsCancelled) {
  auto first = Ask(policy_);
  auto second = Ask(policy_);
  first.reset();
  second.reset();
  RunTurns(*loop_);
  EXPECT_EQ(query_.running(), 0u);
  EXPECT_EQ(metrics().fills_abandoned.value(), 1u);
  // The next begins anew, and the answer of the first does not reach it.
  const auto third = Ask(policy_);
  Answer(0, "old");
  RunTurns(*loop_);
  EXPECT_EQ(Body(*third), "(waits)");
  Answer(1, "new");
  EXPECT_EQ(Body(*third), "new");
}

TEST_F(CacheTest, AnAnswerEndsWithinATenthOfItsTtl) {
  std::set<std::int64_t> ends;
  for (int i = 0; i < 100; ++i) {
    const auto request = Ask(policy_, "e" + std::to_string(i));
    Answer(query_.begun() - 1, "[1]");
    ends.insert(request->result->value().ttl_left.ms);
  }
  EXPECT_GE(*ends.begin(), 27'000);
  EXPECT_LE(*ends.rbegin(), 33'000);
  EXPECT_GT(ends.size(), 50u);

  Advance(Seconds(34));
  const auto late = Ask(policy_, "e0");
  EXPECT_EQ(query_.begun(), 101u);
  Answer(100, "[2]");
  EXPECT_EQ(Body(*late), "[2]");
  EXPECT_TRUE(late->result->value().expired);
}

TEST_F(CacheTest, AStaleAnswerIsGivenWhileOneRequestMakesANewOne) {
  const auto policy = Policy(Minutes(5));
  const auto first = Ask(policy);
  Answer(0, "old");
  Advance(Seconds(40));
  for (int i = 0; i < 10; ++i) {
    const auto stale = Ask(policy);
    EXPECT_EQ(Body(*stale), "old");
    EXPECT_EQ(HowOf(*stale), How::kStale);
    EXPECT_LT(stale->result->value().ttl_left, Duration{});
  }
  RunTurns(*loop_);
  EXPECT_EQ(query_.begun(), 2u);
  EXPECT_EQ(query_.running(), 1u);  // although nobody waits for it
  Answer(1, "new");
  EXPECT_EQ(Body(*Ask(policy)), "new");
  EXPECT_EQ(metrics().stale.value(), 10u);

  Advance(Minutes(6));
  const auto too_late = Ask(policy);
  EXPECT_EQ(Body(*too_late), "(waits)");
}

TEST_F(CacheTest, ARefreshThatFailsLeavesTheStaleAnswer) {
  const auto policy = Policy(Minutes(5));
  const auto first = Ask(policy);
  Answer(0, "old");
  Advance(Seconds(40));
  EXPECT_EQ(Body(*Ask(policy)), "old");
  Answer(1, Fail(Errc::kUnavailable, "no database"));
  EXPECT_EQ(Body(*Ask(policy)), "old");
  EXPECT_EQ(query_.begun(), 3u);
}

TEST_F(CacheTest, RefreshesAreLimited) {
  const auto policy = Policy(Minutes(5));
  constexpr std::size_t kMore = Cache::kRefreshesMax + 10;
  for (std::size_t i = 0; i < kMore; ++i) {
    const auto request = Ask(policy, "e" + std::to_string(i));
    Answer(i, "old");
  }
  Advance(Seconds(40));
  for (std::size_t i = 0; i < kMore; ++i) EXPECT_EQ(Body(*Ask(policy, "e" + std::to_string(i))), "old");
  EXPECT_EQ(query_.running(), Cache::kRefreshesMax);
  Answer(kMore, "new");
  Ask(policy, "e" + std::to_string(kMore - 1));
  EXPECT_EQ(query_.running(), Cache::kRefreshesMax);
}

TEST_F(CacheTest, AWriteEndsAnswersAlsoStaleOnes) {
  const auto policy = Policy(Minutes(5));
  const auto first = Ask(policy);
  Answer(0, "old");
  store_.generations().Bump(std::vector<std::string>{"customers"});
  EXPECT_EQ(Body(*Ask(policy)), "old");
  store_.generations().Bump(std::vector<std::string>{"orders"});
  const auto second = Ask(policy);
  EXPECT_EQ(Body(*second), "(waits)");
  EXPECT_EQ(metrics().invalidations.value(), 1u);
}

TEST_F(CacheTest, ARequestAfterAWriteDoesNotJoinAQueryFromBeforeIt) {
  const auto before = Ask(policy_);
  store_.generations().Bump(std::vector<std::string>{"orders"});
  const auto after = Ask(policy_);
  EXPECT_EQ(query_.begun(), 2u);
  Answer(0, "old");
  EXPECT_EQ(Body(*before), "old");
  EXPECT_FALSE(before->result->value().kept);
  EXPECT_EQ(Body(*after), "(waits)");
  EXPECT_EQ(metrics().outdated.value(), 1u);
  // What was asked for meanwhile joins the newer one.
  const auto third = Ask(policy_);
  EXPECT_EQ(query_.begun(), 2u);
  Answer(1, "new");
  RunTurns(*loop_);
  EXPECT_EQ(Body(*after), "new");
  EXPECT_EQ(Body(*third), "new");
  EXPECT_EQ(Body(*Ask(policy_)), "new");
}

TEST_F(CacheTest, KeepsThatThereIsNoSuchRowAndNothingElseThatWentWrong) {
  const auto missing = Ask(policy_);
  Answer(0, http::Response::Json(404, "none"));
  EXPECT_EQ(Body(*Ask(policy_)), "none");
  EXPECT_EQ(query_.begun(), 1u);
  Advance(Seconds(12));  // its time is shorter than the 30 s
  const auto again = Ask(policy_);
  EXPECT_EQ(query_.begun(), 2u);
  Answer(1, http::Response::Json(500, "broken"));
  EXPECT_EQ(Body(*again), "broken");
  const auto third = Ask(policy_);
  EXPECT_EQ(query_.begun(), 3u);
  Answer(2, Filled{.response = http::Response::Json(404, "no such table"), .may_keep = false});
  EXPECT_EQ(Body(*third), "no such table");
  EXPECT_FALSE(third->result->value().kept);
  const auto fourth = Ask(policy_);
  EXPECT_EQ(query_.begun(), 4u);
}

TEST_F(CacheTest, DoesNotKeepWhatIsTooLarge) {
  const auto first = Ask(policy_);
  Answer(0, std::string(10'000, 'x'));
  EXPECT_EQ(Body(*first).size(), 10'000u);
  EXPECT_FALSE(first->result->value().kept);
  EXPECT_NE(first->result->value().answer->etag, "");
  EXPECT_EQ(metrics().too_large.value(), 1u);
  const auto second = Ask(policy_);
  EXPECT_EQ(query_.begun(), 2u);
  Answer(1, std::string(10'001, 'x'));
  EXPECT_EQ(second->result->value().answer->etag, "") << "no time is spent on a tag";
}

TEST_F(CacheTest, StaysWithinItsBytes) {
  for (int i = 0; i < 1000; ++i) {
    const auto request = Ask(policy_, "e" + std::to_string(i));
    Answer(query_.begun() - 1, std::string(5000, 'x'));
    ASSERT_LE(store_.bytes(), std::size_t{1} << 20);
  }
  EXPECT_GT(metrics().evictions.value(), 700u);
  EXPECT_GT(store_.entries(), 100u);
  EXPECT_NE(registry_.Text().find("tidemill_query_cache_bytes "), std::string::npos);
}

// A second loop, driven by hand as well.
class TwoLoopsTest : public CacheTest {
 protected:
  std::unique_ptr<Request> AskThere() {
    auto request = std::make_unique<Request>();
    request->scope.Spawn(net::testing::Keep(there_->Get(KeyOf("e"), policy_, [this] { return query_.Run(); }),
                                            request->result));
    return request;
  }
  void Turns() {
    for (int i = 0; i < 3; ++i) {
      RunTurns(*loop_, 1);
      RunTurns(*other_loop_, 1);
    }
  }

  std::unique_ptr<net::Loop> other_loop_ = OpenLoop({.index = 1, .clock = &clock_});
  std::unique_ptr<Cache> there_ = std::make_unique<Cache>(*other_loop_, store_);
};

TEST_F(TwoLoopsTest, AQueryAnswersTheRequestsOfTheOtherLoop) {
  const auto here = Ask(policy_);
  const auto other = AskThere();
  EXPECT_EQ(query_.begun(), 1u);
  query_.Answer(0, "[1]");
  Turns();
  EXPECT_EQ(Body(*here), "[1]");
  EXPECT_EQ(Body(*other), "[1]");
  EXPECT_EQ(HowOf(*other), How::kJoined);
}

TEST_F(TwoLoopsTest, AQueryGoesOnForTheOtherLoopAndEndsWhenThatGoesToo) {
  auto here = Ask(policy_);
  auto other = AskThere();
  here.reset();
  Turns();
  EXPECT_EQ(query_.running(), 1u);
  other.reset();
  Turns();
  EXPECT_EQ(query_.running(), 0u);
  EXPECT_EQ(metrics().fills_abandoned.value(), 1u);
}

TEST_F(TwoLoopsTest, ALoopThatEndsFailsTheRequestsThatWaitForItsQueries) {
  auto other = AskThere();
  const auto here = Ask(policy_);
  other.reset();
  there_.reset();
  Turns();
  EXPECT_EQ(Body(*here), "(the server is ending)");
  EXPECT_EQ(here->result->error().code, Errc::kCancelled);
  EXPECT_EQ(query_.running(), 0u);
  EXPECT_EQ(Body(*Ask(policy_)), "(waits)");
}

TEST_F(CacheTest, ChangedEndsAnswers) {
  const auto first = Ask(policy_);
  Answer(0, "old");
  TaskScope scope;
  scope.Spawn(cache_.Changed({"public.orders"}));
  EXPECT_EQ(scope.running(), 0u);
  EXPECT_EQ(Body(*Ask(policy_)), "(waits)");
}

Fill Immediate(std::string body) { co_return JsonOf(std::move(body)); }

TEST_F(CacheTest, AQueryMayEndAtOnce) {
  const auto found =
      net::testing::RunTask(*loop_, cache_.Get(KeyOf("now"), policy_, [] { return Immediate("[1]"); }));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->answer->response.body, "[1]");
  EXPECT_EQ(found->how, How::kMiss);
}

}  // namespace
}  // namespace tidemill::queries
