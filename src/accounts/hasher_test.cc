#include "accounts/hasher.h"

#include <gtest/gtest.h>

#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::accounts {
namespace {

constexpr PasswordCost kCheap{.log2_n = 4, .r = 1, .p = 1};

class HasherTest : public ::testing::Test {
 protected:
  std::unique_ptr<PasswordHasher> Make(HasherOptions options) {
    auto made = PasswordHasher::Start(options, metrics_);
    EXPECT_TRUE(made);
    return *std::move(made);
  }

  metrics::Registry registry_;
  Metrics metrics_{registry_};
  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
};

TEST_F(HasherTest, HashesAndVerifies) {
  const auto hasher = Make({.cost = kCheap});
  const auto hash = net::testing::RunTask(*loop_, hasher->Hash(*loop_, "correct horse"));
  ASSERT_TRUE(hash);
  EXPECT_TRUE(*net::testing::RunTask(*loop_, hasher->Verify(*loop_, "correct horse", *hash)));
  EXPECT_FALSE(*net::testing::RunTask(*loop_, hasher->Verify(*loop_, "wrong", *hash)));
  EXPECT_FALSE(*net::testing::RunTask(*loop_, hasher->Verify(*loop_, "correct horse", "")))
      << "nobody's password";
}

Task<void> VerifyInto(PasswordHasher& hasher, net::Loop& loop, int& done, int& refused) {
  const auto fits = co_await hasher.Verify(loop, "x", "");
  if (!fits) {
    EXPECT_EQ(fits.error().code, Errc::kLimitExceeded);
    ++refused;
  }
  ++done;
}

TEST_F(HasherTest, WhatWaitsIsBoundedAndTheRestIsRefusedAtOnce) {
  const auto hasher = Make({.threads = 1, .waiting_max = 4});  // at its full cost, which takes a while
  int done = 0;
  int refused = 0;
  TaskScope scope;
  for (int i = 0; i < 20; ++i) scope.Spawn(VerifyInto(*hasher, *loop_, done, refused));
  EXPECT_EQ(refused, 16);
  EXPECT_EQ(hasher->depth(), 4u);
  EXPECT_EQ(metrics_.hashes_refused.value(), 16u);
  ASSERT_TRUE(net::testing::DriveUntil(*loop_, [&] { return done == 20; }));
  EXPECT_EQ(hasher->depth(), 0u);
}

TEST_F(HasherTest, ItsEndWaitsForNoneOfThoseInTheQueue) {
  auto hasher = Make({.threads = 1, .waiting_max = 100});
  int done = 0;
  int refused = 0;
  TaskScope scope;
  for (int i = 0; i < 100; ++i) scope.Spawn(VerifyInto(*hasher, *loop_, done, refused));
  const std::int64_t begun = MonotonicMicros();
  hasher.reset();
  EXPECT_LT(MonotonicMicros() - begun, 10'000'000) << "a hundred of them take longer";
}

}  // namespace
}  // namespace tidemill::accounts
