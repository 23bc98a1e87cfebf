#include "jobs/faktory/worker_watch.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "net/testing/harness.h"

namespace tidemill::faktory {
namespace {

class SilentConnection final : public WatchedConnection {
 public:
  SilentConnection(WorkerWatch& watch, std::string wid) : watch_(watch), wid_(std::move(wid)) {
    watch_.Add(wid_, *this);
  }
  void OnWorkerSilent() override {
    closed = true;
    watch_.Remove(wid_, *this);
  }

  bool closed = false;

 private:
  WorkerWatch& watch_;
  const std::string wid_;
};

TEST(WorkerWatch, ClosesAllOfAWorkerThatIsSilent) {
  ManualClock clock;
  const auto loop = net::testing::OpenLoop({.clock = &clock});
  WorkerWatch watch(*loop);
  std::vector<std::unique_ptr<SilentConnection>> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(std::make_unique<SilentConnection>(watch, "silent"));
  SilentConnection beating(watch, "beating");
  const auto pass = [&](Duration time) {
    clock.Advance(time);
    net::testing::RunTurns(*loop, 10);
  };
  net::testing::RunTurns(*loop);
  pass(Seconds(40));
  watch.OnBeat("beating");
  EXPECT_FALSE(silent.front()->closed);
  for (int i = 0; i < 30; ++i) pass(Seconds(1));
  for (const auto& each : silent) EXPECT_TRUE(each->closed);
  EXPECT_FALSE(beating.closed);
  watch.OnBeat("silent");  // it is not known any more
  for (int i = 0; i < 40; ++i) pass(Seconds(1));
  EXPECT_TRUE(beating.closed);
}

}  // namespace
}  // namespace tidemill::faktory
