#include "chat/store/json.h"

#include <gtest/gtest.h>

#include "base/json_reader.h"

namespace tidemill::chat {
namespace {

TEST(ChatJson, AMessageHasAllThatAClientShows) {
  const Message message{
      .id = MessageId(7),
      .room_id = RoomId(3),
      .seq = 2,
      .user_id = "ada",
      .text = "hé \"you\"",
      .client_msg_id = "c1",
      .thread_id = MessageId(5),
      .reactions = {{"👍", 2, {"ada", "bob"}}},
      .mentions = {.user_ids = {"bob"}, .here = true},
      .attachments =
          {{.id = AttachmentId(9), .name = "a b/ü.png", .type = "image/png", .size = 4, .width = 8}},
      .created_at = WallTime{1'000},
      .version = 4,
      .metadata = R"({"k":1})"};
  EXPECT_EQ(
      ToJson(message),
      R"({"id":"7","room_id":"3","seq":2,"user_id":"ada","type":"text","text":"hé \"you\"",)"
      R"("client_msg_id":"c1","thread_id":"5","reply_count":0,"last_reply_at":null,"reply_user_ids":[],)"
      R"("reactions":[{"emoji":"👍","count":2,"user_ids":["ada","bob"]}],)"
      R"("mentions":{"user_ids":["bob"],"room":false,"here":true},)"
      R"("attachments":[{"id":"9","name":"a b/ü.png","type":"image/png","size":4,"width":8,)"
      R"("url":"/chat/v1/files/9/a%20b%2F%C3%BC.png"}],"pinned":false,"edited_at":null,"deleted_at":null,)"
      R"("created_at":1000,"version":4,"metadata":{"k":1}})");
  EXPECT_TRUE(IsJsonObject(ToJson(Message{})));
  EXPECT_TRUE(ToJson(Message{}).contains(R"("thread_id":null)"));
}

TEST(ChatJson, ARoomHasItsMembershipOnlyWhereOneIsAskedFor) {
  Room room{.id = RoomId(3), .name = "general", .last_seq = 5, .root_count = 4};
  EXPECT_FALSE(ToJson(room).contains("membership"));
  EXPECT_FALSE(ToJson(room).contains("user_ids")) << "of direct rooms only";
  EXPECT_TRUE(ToJson(RoomView{.room = room}).ends_with(R"("membership":null})"));
  room.last_message = LastMessage{.seq = 5, .user_id = "ada", .text = "hi", .created_at = WallTime{9}};
  const std::string text =
      ToJson(RoomView{.room = room, .membership = Membership{.unread = 2, .draft = "d"}});
  EXPECT_TRUE(IsJsonObject(text)) << text;
  EXPECT_TRUE(text.contains(R"("last_message":{"seq":5,"user_id":"ada","text":"hi","created_at":9})"))
      << text;
  EXPECT_TRUE(
      text.ends_with(R"("membership":{"role":"member","read_seq":0,"unread":2,"mentions":0,"notify":"all",)"
                     R"("starred":false,"draft":"d","joined_at":0,"muted_until":null}})"))
      << text;
  room.type = RoomType::kDirect;
  room.user_ids = {"ada", "bob"};
  EXPECT_TRUE(ToJson(room).contains(R"("user_ids":["ada","bob"])"));
}

TEST(ChatJson, AnEventCarriesItsData) {
  const Change change{.room_id = RoomId(3),
                      .version = 8,
                      .type = "room.updated",
                      .at = WallTime{6},
                      .data = ToJsonUnder("member", Member{.room_id = RoomId(3), .user = {.id = "ada"}})};
  const std::string text = ToJson(change);
  EXPECT_TRUE(IsJsonObject(text)) << text;
  EXPECT_TRUE(
      text.starts_with(R"({"type":"room.updated","room_id":"3","version":8,"ts":6,"data":{"member":{)"))
      << text;
  EXPECT_TRUE(
      text.contains(R"("user_id":"ada","role":"member","joined_at":0,"muted_until":null,"user":{"id":"ada")"))
      << text;
}

}  // namespace
}  // namespace tidemill::chat
