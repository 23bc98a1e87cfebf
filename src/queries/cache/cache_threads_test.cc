// The cache with several loops on threads of their own: one query whoever asks, nobody gets another's answer,
// and no write that was acknowledged is missing.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "net/async.h"
#include "net/testing/harness.h"
#include "queries/cache/cache.h"
#include "queries/cache/testing/fake_query.h"

namespace tidemill::queries {
namespace {

using testing::JsonOf;
using testing::KeyOf;

constexpr std::size_t kLoops = 4;

// A loop on its thread, with its cache and its requests.
class LoopThread {
 public:
  LoopThread(std::size_t index, AnswerStore& store)
      : loop_(net::testing::OpenLoop({.index = index})), cache_(*loop_, store), random_(index) {}

  void Start() {
    thread_ = std::thread([this] { loop_->Run(); });
  }
  // What still waits is destroyed, as at the end of a server.
  void Stop() {
    loop_->Stop();
    thread_.join();
    requests_.clear();
    scope_.reset();
  }
  void Spawn(std::function<Task<void>(LoopThread&)> make) {
    loop_->Post([this, make] { scope_->Spawn(make(*this)); });
  }

  net::Loop& loop() { return *loop_; }
  Cache& cache() { return cache_; }
  std::mt19937& random() { return random_; }
  std::vector<std::unique_ptr<TaskScope>>& requests() { return requests_; }

 private:
  std::unique_ptr<net::Loop> loop_;
  Cache cache_;
  std::mt19937 random_;
  std::vector<std::unique_ptr<TaskScope>> requests_;  // each hangs up when its scope goes
  std::thread thread_;
  std::unique_ptr<TaskScope> scope_ = std::make_unique<TaskScope>();
};

class CacheThreadsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < kLoops; ++i) loops_.push_back(std::make_unique<LoopThread>(i, store_));
    for (const auto& loop : loops_) loop->Start();
  }
  void TearDown() override {
    for (const auto& loop : loops_) loop->Stop();
  }
  static void WaitFor(const std::function<bool()>& done) {
    const MonotonicTime give_up = SystemClock().Now() + Seconds(60);
    while (!done()) {
      ASSERT_LT(SystemClock().Now(), give_up);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  metrics::Registry registry_;
  AnswerStore store_{{.bytes_max = 8u << 20, .entry_bytes_max = 64u << 10}, registry_};
  const std::shared_ptr<const CachePolicy> policy_ =
      MakeCachePolicy({.ttl = Hours(1)}, std::vector<std::string>{"orders"}, store_.generations());
  std::vector<std::unique_ptr<LoopThread>> loops_;
};

struct Stampede {
  std::atomic<std::uint64_t> queries{0};
  std::atomic<std::uint64_t> right{0};
  std::atomic<std::uint64_t> wrong{0};
};

constexpr std::uint64_t kRequests = 1000;

// Ends when all others wait for it.
Fill SlowQuery(net::Loop& loop, Stampede& stampede, AnswerStore& store, Result<http::Response> response) {
  ++stampede.queries;
  while (store.metrics().joins.value() < kRequests - 1) co_await net::Sleep(loop, Milliseconds(1));
  co_return response;
}

Task<void> AskOnce(LoopThread& on, Stampede& stampede, std::shared_ptr<const CachePolicy> policy,
                   Result<http::Response> response) {
  const auto found = co_await on.cache().Get(KeyOf("e"), std::move(policy), [&] {
    return SlowQuery(on.loop(), stampede, on.cache().store(), response);
  });
  const bool right = response ? found && found->answer->response.body == response->body
                              : !found && found.error() == response.error();
  ++(right ? stampede.right : stampede.wrong);
}

TEST_F(CacheThreadsTest, AThousandMissesOnAllLoopsRunOneQuery) {
  Stampede stampede;
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    loops_[i % kLoops]->Spawn([&](LoopThread& on) { return AskOnce(on, stampede, policy_, JsonOf("[1]")); });
  }
  WaitFor([&] { return stampede.right + stampede.wrong == kRequests; });
  EXPECT_EQ(stampede.right, kRequests);
  EXPECT_EQ(stampede.queries, 1u);
}

TEST_F(CacheThreadsTest, AFailureReachesTheWaitersOfAllLoops) {
  Stampede stampede;
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    loops_[i % kLoops]->Spawn(
        [&](LoopThread& on) { return AskOnce(on, stampede, policy_, Fail(Errc::kUnavailable, "lost")); });
  }
  WaitFor([&] { return stampede.right + stampede.wrong == kRequests; });
  EXPECT_EQ(stampede.right, kRequests);
  EXPECT_EQ(stampede.queries, 1u);
}

struct Callers {
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::size_t> loops_done{0};
};

// The answer of a caller shows whose it is.
Fill QueryOf(net::Loop& loop, std::string sub, std::uint32_t luck) {
  if (luck % 3 == 0) co_await net::NextTurn(loop);
  if (luck % 7 == 0) co_await net::Sleep(loop, Milliseconds(1));
  if (luck % 11 == 0) co_return Fail(Errc::kUnavailable, "lost");
  co_return JsonOf("row of " + sub);
}

Task<void> AskAs(LoopThread& on, Callers& callers, std::shared_ptr<const CachePolicy> policy,
                 std::string sub) {
  const sql::Parameters none;
  const std::vector<std::string> scope = {"sub"};
  const auto key = MakeCacheKey({.endpoint = "e",
                                 .endpoint_version = "v1",
                                 .parameters = none,
                                 .format = "json",
                                 .variant = "",
                                 .role = "",
                                 .claims = "{\"sub\":\"" + sub + "\"}",
                                 .scope = scope});
  const auto luck = static_cast<std::uint32_t>(on.random()());
  const auto found =
      co_await on.cache().Get(*key, std::move(policy), [&] { return QueryOf(on.loop(), sub, luck); });
  if (!found) {
    ++callers.failed;
  } else if (found->answer->response.body == "row of " + sub) {
    ++callers.answered;
  } else {
    ++callers.wrong;
  }
}

// Begins requests of random callers, ends some of them early, and lets writes end all answers at times.
Task<void> AskManyTimes(LoopThread& on, Callers& callers, std::shared_ptr<const CachePolicy> policy,
                        int times) {
  for (int i = 0; i < times; ++i) {
    auto request = std::make_unique<TaskScope>();
    request->Spawn(AskAs(on, callers, policy, "caller " + std::to_string(on.random()() % 50)));
    auto& requests = on.requests();
    if (request->running() > 0) requests.push_back(std::move(request));
    std::erase_if(requests, [](const auto& scope) { return scope->running() == 0; });
    if (!requests.empty() && on.random()() % 4 == 0) {
      requests.erase(requests.begin() + static_cast<long>(on.random()() % requests.size()));
    }
    if (on.random()() % 8 == 0) on.cache().store().generations().Bump(std::vector<std::string>{"orders"});
    if (on.random()() % 4 == 0) co_await net::NextTurn(on.loop());
  }
  while (!on.requests().empty()) {
    co_await net::Sleep(on.loop(), Milliseconds(1));
    std::erase_if(on.requests(), [](const auto& scope) { return scope->running() == 0; });
  }
  ++callers.loops_done;
}

TEST_F(CacheThreadsTest, NobodyGetsTheAnswerOfAnotherCallerAndNobodyWaitsForEver) {
  Callers callers;
  for (const auto& loop : loops_) {
    loop->Spawn([&](LoopThread& on) { return AskManyTimes(on, callers, policy_, 25'000); });
  }
  WaitFor([&] { return callers.loops_done == kLoops; });
  EXPECT_EQ(callers.wrong, 0u);
  EXPECT_GT(callers.answered, 50'000u);
  EXPECT_GT(callers.failed, 100u);
  EXPECT_GT(store_.metrics().joins.value(), 100u);
  EXPECT_GT(store_.metrics().fills_abandoned.value(), 10u);
}

struct Row {
  std::atomic<std::uint64_t> value{0};
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<std::uint64_t> answers{0};
  std::atomic<std::uint64_t> lacking{0};
  std::atomic<std::size_t> loops_done{0};
};

Fill QueryRow(net::Loop& loop, Row& row, std::uint32_t luck) {
  if (luck % 2 == 0) co_await net::NextTurn(loop);
  const std::uint64_t seen = row.value;
  if (luck % 3 == 0) co_await net::NextTurn(loop);
  co_return JsonOf(std::to_string(seen));
}

Task<void> ReadRow(LoopThread& on, Row& row, std::shared_ptr<const CachePolicy> policy, int times) {
  for (int i = 0; i < times; ++i) {
    const std::uint64_t before = row.acknowledged;
    const auto luck = static_cast<std::uint32_t>(on.random()());
    const auto found =
        co_await on.cache().Get(KeyOf("row"), policy, [&] { return QueryRow(on.loop(), row, luck); });
    ++row.answers;
    if (std::stoull(found->answer->response.body) < before) ++row.lacking;
    if (luck % 16 == 0) co_await net::NextTurn(on.loop());
  }
  ++row.loops_done;
}

TEST_F(CacheThreadsTest, AnAnswerHoldsEveryWriteThatWasAcknowledgedBefore) {
  Row row;
  for (const auto& loop : loops_) {
    loop->Spawn([&](LoopThread& on) { return ReadRow(on, row, policy_, 20'000); });
  }
  const std::vector<std::string> orders = {"orders"};
  while (row.loops_done < kLoops) {
    const std::uint64_t written = ++row.value;
    store_.generations().Bump(orders);
    row.acknowledged = written;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  EXPECT_EQ(row.lacking, 0u);
  EXPECT_EQ(row.answers, 20'000u * kLoops);
  EXPECT_GT(store_.metrics().hits.value(), 1000u);
  EXPECT_GT(store_.metrics().invalidations.value(), 100u);
}

}  // namespace
}  // namespace tidemill::queries
