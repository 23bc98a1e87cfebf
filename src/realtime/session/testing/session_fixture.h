// SessionTest: a bench with the namespaces that most tests of sessions need, and clients that have connected.
//
//   room    presence, joins, history of five, forced recovery; subscribers may publish and read all
//   plain   anybody may subscribe
//   closed  nobody may
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "realtime/session/testing/session_bench.h"

namespace tidemill::session {

using Lines = std::vector<std::string>;

BenchSettings TestSettings();

class SessionTest : public testing::Test {
 protected:
  explicit SessionTest(BenchSettings settings = TestSettings()) : bench_(std::move(settings)) {}

  std::unique_ptr<TestClient> Connected(std::string_view claims = "{\"sub\":\"u\"}");
  std::string Exp(std::int64_t seconds) { return std::to_string(bench_.WallSeconds() + seconds); }
  std::string SubToken(std::string_view channel, std::int64_t seconds);

  // Calls `begin`, then runs turns until `done`. Gives the most CPU time that one of them took, in µs.
  std::int64_t LongestTurn(const std::function<void()>& begin, const bool& done);

  // The epoch of the channel's stream, as another client is told.
  std::string EpochOf(const std::string& channel);

  SessionBench bench_;
};

}  // namespace tidemill::session
