// BackendSuite: the base of the contract suites. Its parameter is an implementation on a number of loops.
//
// Each suite defines its Name in the source of its tests. An implementation's test uses that Name, which
// makes the linker take the tests from their library.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <ostream>
#include <string>

#include "realtime/broker/testing/broker_fixture.h"

namespace tidemill::broker::testing {

struct BackendParam {
  std::string name;
  std::size_t loops = 1;
  BackendFactory make;

  friend void PrintTo(const BackendParam& param, std::ostream* out) { *out << param.name; }
};

class BackendSuite : public ::testing::TestWithParam<BackendParam> {
 protected:
  using ParamInfo = ::testing::TestParamInfo<BackendParam>;

  std::size_t last() const { return fixture_.size() - 1; }

  BrokerFixture fixture_{GetParam().loops, GetParam().make};
};

}  // namespace tidemill::broker::testing
