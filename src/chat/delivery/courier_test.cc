#include "chat/delivery/courier.h"

#include <gtest/gtest.h>

#include "chat/delivery/testing/delivery_bench.h"

namespace tidemill::chat {
namespace {

TEST(Courier, LettersToUsersTakeNoPlaceOfWhatRoomsPublish) {
  testing::DeliveryBench bench;
  bench.broker.Pause();
  Letter letter{.users = {}, .event = "{}"};
  for (std::size_t i = 0; i < Courier::kLettersMax + 5; ++i) letter.users.push_back("u" + std::to_string(i));
  bench.courier.SpawnToEach(std::move(letter));
  ASSERT_TRUE(net::testing::RunUntil(*bench.loop, [&] { return bench.metrics.dropped.value() == 5; }))
      << "users have a limit of their own";
  bench.courier.Publish(RoomChannel(RoomId(7)), R"({"n":1})");
  EXPECT_EQ(bench.metrics.dropped.value(), 5u);
  bench.broker.Resume();
  ASSERT_TRUE(net::testing::RunUntil(
      *bench.loop, [&] { return bench.metrics.published.value() == Courier::kLettersMax + 1; }));
  EXPECT_EQ(bench.Published(RoomChannel(RoomId(7))), std::vector<std::string>{R"({"n":1})"});
}

}  // namespace
}  // namespace tidemill::chat
