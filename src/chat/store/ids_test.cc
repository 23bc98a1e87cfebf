#include "chat/store/ids.h"

#include <gtest/gtest.h>

namespace tidemill::chat {
namespace {

TEST(ChatIds, GrowWhateverTheClockDoes) {
  ManualClock clock;
  IdMaker maker(clock);
  std::string last;
  for (int i = 0; i < 1'000; ++i) {
    if (i % 100 == 0) clock.Advance(Milliseconds(i % 200 == 0 ? 5 : -20));
    const std::string text = ToText(maker.Make<MessageId>());
    EXPECT_EQ(text.size(), 19u);
    EXPECT_LT(last, text);
    last = text;
  }
}

TEST(ChatIds, SayWhenTheyWereMade) {
  ManualClock clock;
  IdMaker maker(clock);
  const RoomId id = maker.Make<RoomId>();
  EXPECT_EQ(MadeAt(id.value()), clock.WallNow());
  EXPECT_LE(LeastIdAt(clock.WallNow()), id.value());
  EXPECT_GT(LeastIdAt(clock.WallNow() + Milliseconds(1)), id.value());
  EXPECT_GT(LeastIdAt(WallTime{std::int64_t{1} << 60}), 0) << "a time that no id can have";
}

TEST(ChatIds, AreReadFromDigitsAlone) {
  EXPECT_EQ(ParseId<RoomId>("9223372036854775807"), RoomId(9'223'372'036'854'775'807));
  for (const char* const text : {"", "0", "-1", "+1", " 1", "1 ", "1x", "0x1", "9223372036854775808", "١"})
    EXPECT_FALSE(ParseId<RoomId>(text)) << text;
}

}  // namespace
}  // namespace tidemill::chat
