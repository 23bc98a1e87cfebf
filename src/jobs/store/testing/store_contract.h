// The contract of Store, as tests: store.h in executable form.
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, ::testing::ValuesIn(params), StoreContract::Name);
//
// store_reading_contract.h is its second part. Each test gets a place for jobs in which there is nothing yet.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "jobs/store/store.h"
#include "net/loop.h"
#include "net/testing/run_task.h"

namespace tidemill::jobs::testing {

// A place for jobs of its own, and the nodes that use it.
class StoreBackend {
 public:
  virtual ~StoreBackend() = default;
  // As a node opens it: one that starts, or another one beside it.
  virtual std::unique_ptr<Store> Open() = 0;
  // As a producer's transaction does that commits.
  virtual void Enqueue(std::string text) = 0;
  // Whether several processes may use it at once, so that a lease must run out.
  virtual bool is_shared() const { return true; }
};

struct StoreParam {
  std::string name;
  std::function<std::unique_ptr<StoreBackend>(net::Loop&)> make;

  friend void PrintTo(const StoreParam& param, std::ostream* out) { *out << param.name; }
};

class StoreContract : public ::testing::TestWithParam<StoreParam> {
 public:
  static std::string Name(const ::testing::TestParamInfo<StoreParam>& info);

 protected:
  StoreContract();
  ~StoreContract() override;

  net::Loop& loop() { return *loop_; }
  StoreBackend& backend() { return *backend_; }
  // The node that has the lease since the test began.
  Store& store() { return *store_; }
  std::uint64_t epoch() const { return epoch_; }

  template <class T>
  T Await(Task<T> task) {
    return net::testing::RunTask(*loop_, std::move(task));
  }
  // Of what must succeed.
  template <class T>
  T Must(Task<Result<T>> task) {
    auto result = Await(std::move(task));
    if constexpr (std::is_void_v<T>) {
      EXPECT_TRUE(result) << result.error().detail;
    } else {
      EXPECT_TRUE(result) << result.error().detail;
      return result ? *std::move(result) : T{};
    }
  }

  // Sets epoch and number.
  Result<> Commit(Flush flush);
  void MustCommit(Flush flush);
  std::uint64_t last_number() const { return number_; }

  // "job 3", in queue "q3", with a text that has its number.
  static StoredJob JobOf(std::uint64_t id);
  // Ids of what is in a place, page by page.
  std::vector<std::uint64_t> IdsIn(Place place, JobFilter filter = {}, std::size_t count = 100);

 private:
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<StoreBackend> backend_;
  std::unique_ptr<Store> store_;
  std::uint64_t epoch_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace tidemill::jobs::testing
