#include "realtime/status/memory_table.h"

#include "net/testing/harness.h"
#include "realtime/status/testing/store_contract.h"

namespace tidemill::status::testing {
namespace {

class MemoryFixture final : public Fixture {
 public:
  net::Loop& loop() override { return *loop_; }
  Store& store() override { return *store_; }
  Store& other() override { return *other_; }
  ManualClock& clock() override { return clock_; }

 private:
  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  metrics::Registry registry_;
  MemoryTable table_{kContractLimits, registry_};
  std::unique_ptr<Store> store_ = table_.MakeStore(clock_);
  std::unique_ptr<Store> other_ = table_.MakeStore(clock_);
};

std::unique_ptr<Fixture> Make() { return std::make_unique<MemoryFixture>(); }

INSTANTIATE_TEST_SUITE_P(Memory, StatusContract, ::testing::Values(Maker{"memory", Make}),
                         StatusContract::Name);

}  // namespace
}  // namespace tidemill::status::testing
