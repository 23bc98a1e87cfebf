#include "outbox/channel_sink.h"

#include <gtest/gtest.h>

namespace tidemill::outbox {
namespace {

TEST(IdempotencyKeyOf, IsOfTheEntryAndItsTime) {
  EXPECT_EQ(IdempotencyKeyOf({.id = 17, .created_at = WallTime{1'795'815'300'000}}),
            "outbox-17-1795815300000");
}

}  // namespace
}  // namespace tidemill::outbox
