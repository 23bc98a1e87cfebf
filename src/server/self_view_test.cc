#include "server/self_view.h"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "net/blocking.h"
#include "net/testing/run_task.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

TEST(SelfView, WhatWasFoundLongAgoIsNotGivenToWhoeverAsksWhileItIsLookedAnew) {
  ManualClock clock;
  const auto loop = *net::Loop::Open({.clock = &clock});
  SelfView view;
  view.Set(settings::Settings{}, {}, {}, {});
  const api::Outcome first = net::testing::RunTask(*loop, view.Examine(*loop));
  ASSERT_TRUE(first);

  TaskScope scope;
  const auto free = std::make_shared<std::latch>(1);  // until then nobody finds anything
  for (int i = 0; i < 64; ++i) scope.Spawn(net::RunBlocking(*loop, [free] { free->wait(); }));
  clock.Advance(Seconds(30));
  std::optional<api::Outcome> looks;
  scope.Spawn(net::testing::Keep(view.Examine(*loop), looks));
  EXPECT_EQ(net::testing::RunTask(*loop, view.Examine(*loop)), first) << "of half a minute ago";
  clock.Advance(Seconds(31));
  const api::Outcome late = net::testing::RunTask(*loop, view.Examine(*loop));
  EXPECT_FALSE(late) << "of more than a minute ago";
  if (!late) EXPECT_EQ(late.error().code.code, api::kErrorUnavailable.code);
  free->count_down();
  ASSERT_TRUE(net::testing::DriveUntil(*loop, [&] { return looks.has_value(); }));
  EXPECT_TRUE(*looks);
}

}  // namespace
}  // namespace tidemill::server
