// What holds for each Store. Instantiate it with a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StatusContract, ::testing::Values(Maker{"memory", Make}),
//                            StatusContract::Name);
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "net/loop.h"
#include "realtime/status/store.h"

namespace tidemill::status::testing {

inline constexpr StoreLimits kContractLimits{.expire_interval = Seconds(100), .users_max = 1000};

class Fixture {
 public:
  virtual ~Fixture() = default;
  virtual net::Loop& loop() = 0;
  // With kContractLimits, as two nodes or two loops have one each.
  virtual Store& store() = 0;
  virtual Store& other() = 0;
  virtual ManualClock& clock() = 0;
};
struct Maker {
  const char* name;
  std::unique_ptr<Fixture> (*make)();
};

class StatusContract : public ::testing::TestWithParam<Maker> {
 public:
  static std::string Name(const ::testing::TestParamInfo<Maker>& info);

 protected:
  std::unique_ptr<Fixture> fixture_ = GetParam().make();
};

}  // namespace tidemill::status::testing
