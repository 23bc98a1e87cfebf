#include "realtime/status/redis/redis_store.h"

#include <string>

#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "realtime/status/testing/store_contract.h"
#include "redis/metrics.h"
#include "redis/testing/redis_server.h"
#include "redis/topology.h"

namespace tidemill::status::testing {
namespace {

class RedisFixture final : public Fixture {
 public:
  RedisFixture() {
    redis::RedisSettings settings;
    settings.address = {{"127.0.0.1:" + std::to_string(server_.port())}};
    topology_ = *redis::OpenTopology(settings);
    client_ = topology_->MakeClient(*loop_, metrics_);
    const RedisStoreOptions options{.limits = kContractLimits, .clock = clock_};
    store_ = MakeRedisStore(*client_, options);
    other_ = MakeRedisStore(*client_, options);
    net::testing::DriveUntil(*loop_, [&] { return !client_->down_since(); });
  }
  net::Loop& loop() override { return *loop_; }
  Store& store() override { return *store_; }
  Store& other() override { return *other_; }
  ManualClock& clock() override { return clock_; }

 private:
  ManualClock clock_;
  redis::testing::RedisServer server_;
  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  metrics::Registry registry_;
  redis::Metrics metrics_{registry_};
  std::unique_ptr<const redis::Topology> topology_;
  std::unique_ptr<redis::Client> client_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Store> other_;
};

std::unique_ptr<Fixture> Make() { return std::make_unique<RedisFixture>(); }

INSTANTIATE_TEST_SUITE_P(Redis, StatusContract, ::testing::Values(Maker{"redis", Make}),
                         StatusContract::Name);

}  // namespace
}  // namespace tidemill::status::testing
