// docs/formats/redis-record.md tells the truth.
#include <gtest/gtest.h>

#include "base/testing/format_example.h"
#include "realtime/broker/redis/record.h"

namespace tidemill::broker::redis_broker {
namespace {

std::string Example(std::string_view name) {
  return tidemill::testing::BytesExample("redis-record.md", name);
}

const ClientInfo kInfo{.user = "u", .client = "c1", .conn_info = "{}", .chan_info = ""};

TEST(RedisRecordFormat, APublicationIsAsDocumented) {
  Publication publication;
  publication.data = R"({"a":1})";
  publication.info = kInfo;
  publication.tags = {{"k", "v"}};
  publication.data_is_json = true;
  publication.send_delta = true;
  const std::string example = Example("publication");
  EXPECT_EQ(EncodePublication(publication), example);
  const auto decoded = DecodePublication(example);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, publication);
}

TEST(RedisRecordFormat, APublicationMessageIsAsDocumented) {
  const auto decoded = DecodeMessage(Example("publication-message"));
  ASSERT_TRUE(decoded);
  const auto* const message = std::get_if<PublicationMessage>(&*decoded);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->position, (StreamPosition{.offset = 7, .epoch = "abcdefgh"}));
  EXPECT_EQ(message->follows, 6u);
  EXPECT_EQ(message->publication.data, "1");
}

TEST(RedisRecordFormat, AJoinMessageIsAsDocumented) {
  EXPECT_EQ(EncodeJoinMessage(kInfo), Example("join-message"));
  EXPECT_EQ(EncodeLeaveMessage(kInfo).substr(3), EncodeClientInfo(kInfo));
}

}  // namespace
}  // namespace tidemill::broker::redis_broker
