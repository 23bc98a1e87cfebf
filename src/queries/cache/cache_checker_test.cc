// A checker of what a cached answer may lack: random interleavings of writers, queries and requests over one
// loop, reproducible from a seed. Planted bugs show that it sees what it is for.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "queries/cache/cache.h"
#include "queries/cache/testing/fake_query.h"

namespace tidemill::queries {
namespace {

using testing::JsonOf;
using testing::KeyOf;

// A database of one row: a number that each write raises. Steps that could happen now are kept, and a random
// one happens next.
class World {
 public:
  World(std::uint32_t seed, std::string planted_bug)
      : random_(seed), store_({.plant_bug_for_test = std::move(planted_bug)}, registry_) {}

  // Gives what is wrong with the first wrong answer; "": nothing.
  std::string Run(int steps) {
    for (int i = 0; i < steps && wrong_.empty(); ++i) {
      switch (random_() % 8) {
        case 0: BeginWrite(); break;
        case 1:
        case 2: BeginRequest(); break;
        case 3: HangUp(); break;
        case 4: clock_.Advance(Seconds(static_cast<std::int64_t>(random_() % 20))); break;
        default: Step(); break;
      }
      net::testing::RunTurns(*loop_, 1);
      Judge();
    }
    return wrong_;
  }
  std::uint64_t answers() const { return answers_; }
  CacheMetrics& metrics() { return store_.metrics(); }

 private:
  struct Request {
    std::uint64_t acknowledged;  // the last write whose client had its answer when the request began
    std::optional<Result<FoundAnswer>> result;
    TaskScope scope;
  };

  // What waits for its turn among the steps.
  class Moment {
   public:
    explicit Moment(World& world) : reply_(*world.loop_) {
      world.steps_.push_back([sender = reply_.sender()] { sender.Send(true); });
    }
    bool await_ready() const { return reply_.await_ready(); }
    void await_suspend(std::coroutine_handle<> awaiter) { reply_.await_suspend(awaiter); }
    void await_resume() { reply_.await_resume(); }

   private:
    net::Reply<bool> reply_;
  };

  static Fill Query(World& world) {
    co_await Moment(world);
    const std::uint64_t snapshot = world.row_;
    co_await Moment(world);
    if (world.random_() % 10 == 0) co_return Fail(Errc::kUnavailable, "lost");
    co_return JsonOf(std::to_string(snapshot));
  }

  static Task<void> Write(World& world) {
    co_await Moment(world);
    const std::uint64_t written = ++world.row_;  // commits
    co_await Moment(world);
    world.store_.generations().Bump(std::vector<std::string>{"orders"});
    co_await Moment(world);
    world.acknowledged_ = std::max(world.acknowledged_, written);
  }

  void BeginWrite() {
    if (writers_.running() < 3) writers_.Spawn(Write(*this));
  }
  void BeginRequest() {
    auto request = std::make_unique<Request>(acknowledged_);
    request->scope.Spawn(net::testing::Keep(cache_.Get(KeyOf("e", {static_cast<std::int64_t>(random_() % 2)}),
                                                       policy_, [this] { return Query(*this); }),
                                            request->result));
    requests_.push_back(std::move(request));
  }
  void HangUp() {
    if (!requests_.empty())
      requests_.erase(requests_.begin() + static_cast<long>(random_() % requests_.size()));
  }
  void Step() {
    if (steps_.empty()) return;
    const auto at = steps_.begin() + static_cast<long>(random_() % steps_.size());
    const std::function<void()> step = std::move(*at);
    steps_.erase(at);
    step();
  }
  void Judge() {
    std::erase_if(requests_, [this](const auto& request) {
      if (!request->result) return false;
      if (*request->result) Judge(*request, request->result->value());
      return true;
    });
  }
  void Judge(const Request& request, const FoundAnswer& found) {
    ++answers_;
    const std::uint64_t shown = std::stoull(found.answer->response.body);
    if (shown >= request.acknowledged) return;
    wrong_ = "a request that began after write " + std::to_string(request.acknowledged) + " got " +
             std::to_string(shown);
  }

  std::mt19937 random_;
  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop({.clock = &clock_});
  metrics::Registry registry_;
  AnswerStore store_;
  Cache cache_{*loop_, store_};
  const std::shared_ptr<const CachePolicy> policy_ =
      MakeCachePolicy({.ttl = Seconds(30), .stale_while_revalidate = Seconds(30)},
                      std::vector<std::string>{"orders"}, store_.generations());
  std::uint64_t row_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t answers_ = 0;
  std::string wrong_;
  std::vector<std::function<void()>> steps_;
  std::vector<std::unique_ptr<Request>> requests_;
  TaskScope writers_;  // last: its tasks refer to all above
};

constexpr std::uint32_t kSeeds = 300;
constexpr int kSteps = 400;

TEST(CacheChecker, EveryAnswerHoldsTheWritesThatWereAcknowledgedBefore) {
  std::uint64_t answers = 0;
  std::uint64_t hits = 0;
  std::uint64_t outdated = 0;
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    World world(seed, "");
    ASSERT_EQ(world.Run(kSteps), "") << "seed " << seed;
    answers += world.answers();
    hits += world.metrics().hits.value() + world.metrics().stale.value();
    outdated += world.metrics().outdated.value();
  }
  // What is checked happens.
  EXPECT_GT(answers, 10'000u);
  EXPECT_GT(hits, 1000u);
  EXPECT_GT(outdated, 1000u);
}

class PlantedBug : public ::testing::TestWithParam<const char*> {};

TEST_P(PlantedBug, IsFound) {
  std::uint32_t found = 0;
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) found += !World(seed, GetParam()).Run(kSteps).empty();
  EXPECT_GT(found, kSeeds / 10);
}

INSTANTIATE_TEST_SUITE_P(CacheChecker, PlantedBug, ::testing::Values("late_generations", "join_outdated"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace tidemill::queries
