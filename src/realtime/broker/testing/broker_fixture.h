// BrokerFixture: a broker on real loops in real threads, driven step by step from a test's own thread.
//
// Every implementation's contract tests run on it; so do tests of an implementation's limits.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/map_broker.h"
#include "realtime/broker/presence.h"

namespace tidemill::broker::testing {

// A clock that a test moves while loops read it. Any thread.
class SharedClock final : public Clock {
 public:
  MonotonicTime Now() const override { return {now_ms_.load()}; }
  WallTime WallNow() const override { return {1'700'000'000'000 + now_ms_.load()}; }
  void Advance(Duration by) { now_ms_.fetch_add(by.ms); }

 private:
  std::atomic<std::int64_t> now_ms_{1'000'000};
};

class BrokerFixture;

// An implementation under test, opened on the given loops before they run.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Broker& broker(std::size_t loop) = 0;
  virtual PresenceStore& presence(std::size_t loop) = 0;
  virtual MapBroker& maps(std::size_t loop) = 0;
  // Waits until what was published has come to this node. From the test's thread.
  virtual void Settle(BrokerFixture&) {}
  // Time passes for the store behind it too. From the test's thread.
  virtual void Pass(BrokerFixture& fixture, Duration by);
};

using BackendFactory = std::function<std::unique_ptr<Backend>(const std::vector<net::Loop*>&)>;

// Writes down a loop's events, one line each: "a pub 1 {}", "a key 2 k {}", "a removed 3 k", "a join c1",
// "a leave c1", "a lost".
class Recorder final : public BrokerEvents {
 public:
  void OnPublication(const ChannelName& channel, const PublicationPtr& publication) override;
  void OnJoin(const ChannelName& channel, const ClientInfo& info) override;
  void OnLeave(const ChannelName& channel, const ClientInfo& info) override;
  void OnStreamLost(const ChannelName& channel) override;

  std::vector<std::string> lines;
  std::vector<PublicationPtr> publications;
  BrokerEvents* also = nullptr;  // told as well, after the line
};

// Writes down which channels a loop was told about: "a occupied", "a vacated".
class OccupancyRecorder final : public OccupancyEvents {
 public:
  explicit OccupancyRecorder(net::Loop& loop) : loop_(loop) {}
  void OnOccupied(const ChannelName& channel) override { Tell(channel, " occupied"); }
  void OnVacated(const ChannelName& channel) override { Tell(channel, " vacated"); }

  std::vector<std::string> lines;
  std::function<void(const ChannelName&)> also;  // called after the line

 private:
  void Tell(const ChannelName& channel, const char* what);

  net::Loop& loop_;
  bool inside_ = false;
};

class BrokerFixture {
 public:
  BrokerFixture(std::size_t loops, const BackendFactory& make);
  ~BrokerFixture();
  BrokerFixture(const BrokerFixture&) = delete;
  BrokerFixture& operator=(const BrokerFixture&) = delete;

  std::size_t size() const { return loops_.size(); }
  net::Loop& loop(std::size_t index) { return *loops_[index]->loop; }
  // On that loop only.
  Broker& broker(std::size_t index) { return backend_->broker(index); }
  PresenceStore& presence(std::size_t index) { return backend_->presence(index); }
  MapBroker& maps(std::size_t index) { return backend_->maps(index); }
  Recorder& recorder(std::size_t index) { return loops_[index]->recorder; }
  OccupancyRecorder& occupancy(std::size_t index) { return *loops_[index]->occupancy; }
  TaskScope& scope(std::size_t index) { return *loops_[index]->scope; }

  // Runs `function` on the loop and waits until it has returned.
  void Run(std::size_t index, std::function<void()> function);
  // Starts the task that `start` gives, on the loop, and waits for its result.
  template <class T>
  T Await(std::size_t index, std::function<Task<T>()> start);
  // Waits until every loop has run what was posted, and what that posted in turn.
  void Settle();
  // Time passes: timers that are due have fired when it returns.
  void Advance(Duration by);

  // The same where a store has a clock of its own: it really passes then.
  void Pass(Duration by) { backend_->Pass(*this, by); }

  // The lines recorded on the loop since the last call, after Settle.
  std::vector<std::string> TakeLines(std::size_t index);
  // The same of the occupancy of the channels that the loop owns.
  std::vector<std::string> TakeOccupancy(std::size_t index);

  Result<PublishOutcome> Publish(std::size_t index, std::string channel, std::string data,
                                 PublishOptions options = {});
  Result<SubscribeOutcome> Subscribe(std::size_t index, std::string channel, SubscribeOptions options = {});
  void Unsubscribe(std::size_t index, std::string channel);
  Result<HistoryOutcome> History(std::size_t index, std::string channel, HistoryQuery query,
                                 StreamSettings stream);
  Result<void> RemoveHistory(std::size_t index, std::string channel);
  Result<std::vector<ChannelCount>> Channels(std::size_t index, std::string pattern);  // by name

 private:
  struct LoopThread {
    std::unique_ptr<net::Loop> loop;
    Recorder recorder;
    std::unique_ptr<OccupancyRecorder> occupancy;
    std::unique_ptr<TaskScope> scope = std::make_unique<TaskScope>();
    std::thread thread;
  };

  template <class T>
  static Task<void> Collect(std::function<Task<T>()> start, std::optional<T>& result,
                            std::binary_semaphore& done) {
    result.emplace(co_await start());
    done.release();
  }

  SharedClock clock_;
  std::vector<std::unique_ptr<LoopThread>> loops_;
  std::unique_ptr<Backend> backend_;
};

template <class T>
T BrokerFixture::Await(std::size_t index, std::function<Task<T>()> start) {
  std::optional<T> result;
  std::binary_semaphore done(0);
  loop(index).Post([this, index, &start, &result, &done] {
    scope(index).Spawn(Collect<T>(std::move(start), result, done));
  });
  done.acquire();
  return *std::move(result);
}

}  // namespace tidemill::broker::testing
