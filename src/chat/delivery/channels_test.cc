#include "chat/delivery/channels.h"

#include <gtest/gtest.h>

namespace tidemill::chat {
namespace {

using Kind = ChannelOfChat::Kind;

TEST(ParseChannel, ReadsWhatIsWritten) {
  const RoomId room(1'234'567'890'123'456'789);
  EXPECT_EQ(ParseChannel("chat:all"), ChannelOfChat{});
  EXPECT_EQ(ParseChannel(RoomChannel(room)), (ChannelOfChat{.kind = Kind::kRoom, .user = "", .room = room}));
  EXPECT_EQ(ParseChannel(LiveRoomChannel(room)),
            (ChannelOfChat{.kind = Kind::kLiveRoom, .user = "", .room = room}));
  for (const char* user : {"ada", "a@example.com", "a/b#c,d&e", "\u00e9", "%41", "a b", "it's(fine)!~*"}) {
    EXPECT_EQ(ParseChannel(UserChannel(user)), (ChannelOfChat{.kind = Kind::kUser, .user = user, .room = {}}))
        << user;
  }
  EXPECT_EQ(UserChannel("a@b c"), "chat:user/a%40b%20c");
}

TEST(ParseChannel, RefusesOtherSpellings) {
  for (const char* name :
       {"chat:", "chat:room/", "chat:room/0", "chat:room/07", "chat:room/-1", "chat:room/x", "chat:room/1/2",
        "chat:user/", "chat:user/%61da", "chat:user/a%4", "chat:user/a/b", "chat:user/a@b", "chat_live:all",
        "chat_live:user/ada", "chat:all/", "news:all"}) {
    EXPECT_FALSE(ParseChannel(name)) << name;
  }
}

}  // namespace
}  // namespace tidemill::chat
