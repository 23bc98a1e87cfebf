#include "realtime/broker/testing/broker_expiry_contract.h"

namespace tidemill::broker::testing {

std::string BrokerExpiryContract::Name(const ParamInfo& info) { return info.param.name; }

namespace {

constexpr StreamSettings kStream{.size = 5, .ttl = Seconds(60), .meta_ttl = Seconds(600)};

PublishOptions Keep(std::string key = "") {
  return {.stream = kStream, .idempotency_key = std::move(key), .version = 0, .version_epoch = ""};
}

}  // namespace

TEST_P(BrokerExpiryContract, PublicationsExpireTogetherAfterTheLastOne) {
  const auto count = [&] {
    const auto history = fixture_.History(last(), "a", {.since = {}, .limit = -1}, kStream);
    return history ? history->publications.size() : 99;
  };
  const auto first = fixture_.Publish(0, "a", "1", Keep());
  ASSERT_TRUE(first);
  fixture_.Advance(Seconds(50));
  ASSERT_TRUE(fixture_.Publish(0, "a", "2", Keep()));
  fixture_.Advance(Seconds(59));
  EXPECT_EQ(count(), 2u);
  fixture_.Advance(Seconds(2));
  EXPECT_EQ(count(), 0u);
  const auto third = fixture_.Publish(0, "a", "3", Keep());
  ASSERT_TRUE(third);
  EXPECT_EQ(third->position, (StreamPosition{.offset = 3, .epoch = first->position.epoch}));
}

TEST_P(BrokerExpiryContract, AnUnusedStreamIsForgottenAndBeginsAnew) {
  const auto first = fixture_.Publish(0, "a", "1", Keep());
  ASSERT_TRUE(first);
  fixture_.Advance(Seconds(599));
  const auto used = fixture_.History(last(), "a", {}, kStream);  // a use: ten more minutes
  ASSERT_TRUE(used);
  EXPECT_EQ(used->top, first->position);
  fixture_.Advance(Seconds(599));
  ASSERT_EQ(fixture_.History(last(), "a", {}, kStream)->top, first->position);
  fixture_.Advance(Seconds(601));
  const auto again = fixture_.Publish(0, "a", "2", Keep());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->position.offset, 1u);
  EXPECT_NE(again->position.epoch, first->position.epoch);
}

TEST_P(BrokerExpiryContract, AFollowedStreamIsNotForgotten) {
  const auto subscribed = fixture_.Subscribe(last(), "a", {.stream = kStream});
  ASSERT_TRUE(subscribed);
  fixture_.Advance(Seconds(3000));
  const auto outcome = fixture_.Publish(0, "a", "1", Keep());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->position, (StreamPosition{.offset = 1, .epoch = subscribed->top.epoch}));
}

TEST_P(BrokerExpiryContract, AnIdempotencyKeyIsForgottenAfterFiveMinutes) {
  ASSERT_TRUE(fixture_.Publish(0, "a", "1", Keep("k")));
  fixture_.Advance(Seconds(299));
  EXPECT_TRUE(fixture_.Publish(0, "a", "2", Keep("k"))->suppressed);
  fixture_.Advance(Seconds(2));
  const auto later = fixture_.Publish(0, "a", "3", Keep("k"));
  ASSERT_TRUE(later);
  EXPECT_FALSE(later->suppressed);
  EXPECT_EQ(later->position.offset, 2u);
}

}  // namespace tidemill::broker::testing
