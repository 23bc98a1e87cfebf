// search_store.h as tests, on every backend.
#include <gtest/gtest.h>

#include "chat/store/testing/fixture.h"

namespace tidemill::chat {
namespace {

using Lines = std::vector<std::string>;

class SearchTest : public testing::ChatStoreTest {
 protected:
  Lines Find(MessageSearch search) {
    Lines lines;
    do {
      const SearchPage page = Must(store().search().Find(search));
      for (const Message& message : page.messages) lines.push_back(message.text);
      search.cursor = page.cursor;
    } while (!search.cursor.empty());
    return lines;
  }
  Lines FindWords(std::vector<std::string> phrases) {
    return Find({.user = "ada", .phrases = std::move(phrases)});
  }
};

INSTANTIATE_TEST_SUITE_P(All, SearchTest, ::testing::ValuesIn(testing::Backends()), testing::NameOf);

TEST_P(SearchTest, FindsWordsAndPhrasesTheNewestFirst) {
  const RoomId room = MakeRoom("general", {"ada"});
  for (const char* const text : {"the deploy failed", "Deploy again", "again we deploy", "unrelated"})
    Post(room, "ada", text);
  EXPECT_EQ(FindWords({"DEPLOY"}), (Lines{"again we deploy", "Deploy again", "the deploy failed"}));
  EXPECT_EQ(FindWords({"deploy", "again"}), (Lines{"again we deploy", "Deploy again"}));
  EXPECT_EQ(FindWords({"deploy again"}), Lines{"Deploy again"}) << "side by side";
  EXPECT_EQ(FindWords({"depl"}), Lines{}) << "whole words";
  EXPECT_EQ(Find({.user = "ada", .phrases = {"deploy"}, .limit = 1}).size(), 3u) << "page by page";
}

TEST_P(SearchTest, WhatLooksLikeSyntaxIsText) {
  const RoomId room = MakeRoom("general", {"ada"});
  Post(room, "ada", "AND OR NOT x* {col} a-b 'q'");
  for (const char* const phrase : {"AND", "OR", "NOT", "a\"b", "x*", "{col}", "-a", "(", "'q'", "text:", "^x",
                                   "a:b", "NEAR(a b)", "\\", "%", "a & b | !c", "<->"})
    (void)Must(store().search().Find({.user = "ada", .phrases = {phrase, "not"}}));
  EXPECT_EQ(FindWords({"NOT", "or"}).size(), 1u);
  EXPECT_EQ(FindWords({"missing", "or"}).size(), 0u);
  EXPECT_EQ(CodeOf(store().search().Find({.user = "ada", .phrases = {"(", "\""}})), "invalid");
  EXPECT_EQ(CodeOf(store().search().Find({.user = "ada"})), "invalid");
  EXPECT_EQ(CodeOf(store().search().Find({.user = "ada", .phrases = Lines(17, "x")})), "too_many");
  EXPECT_EQ(CodeOf(store().search().Find({.user = "ada", .phrases = {"x"}, .cursor = "x"})), "invalid");
}

TEST_P(SearchTest, OnlyInTheRoomsOfWhoAsks) {
  const RoomId mine = MakeRoom("mine", {"ada", "bob"});
  const RoomId theirs = MakeRoom("theirs", {"bob"});
  Post(mine, "bob", "shared word");
  Post(theirs, "bob", "secret word");
  EXPECT_EQ(FindWords({"word"}), Lines{"shared word"});
  EXPECT_EQ(Find({.user = "ada", .phrases = {"word"}, .in = {theirs}}), Lines{});
  EXPECT_EQ(Find({.user = "bob", .phrases = {"word"}}).size(), 2u);
  EXPECT_EQ(Find({.user = "nobody", .phrases = {"word"}}), Lines{});
  Must(store().rooms().RemoveMember({.user = "ada", .by_workspace_role = true}, mine, "ada"));
  EXPECT_EQ(FindWords({"word"}), Lines{});
  Must(store().rooms().Delete({.user = "bob", .by_workspace_role = true}, theirs));
  EXPECT_EQ(Find({.user = "bob", .phrases = {"word"}}), Lines{"shared word"}) << "a room that is gone";
}

TEST_P(SearchTest, FiltersNarrow) {
  const RoomId room = MakeRoom("general", {"ada", "bob"});
  const RoomId other = MakeRoom("other", {"ada"});
  Post(room, "ada", "word 1");
  Post(room, "bob", "word 2");
  Post(other, "ada", "word 3");
  const WallTime middle = clock().WallNow() + Hours(24);
  clock().Advance(Hours(48));
  TrySend(room, {.user_id = "bob", .text = "word 4", .has_link = true});
  const AttachmentId file =
      Must(store().attachments().Add({.attachment = {.name = "f"}, .room_id = room, .user_id = "ada"}))
          .attachment.id;
  TrySend(room, {.user_id = "ada", .text = "word 5", .attachment_ids = {file}});
  EXPECT_EQ(Find({.user = "ada", .phrases = {"word"}, .from = {"bob"}}), (Lines{"word 4", "word 2"}));
  EXPECT_EQ(Find({.user = "ada", .phrases = {"word"}, .from = {"bob", "ada"}, .in = {other}}),
            Lines{"word 3"});
  EXPECT_EQ(Find({.user = "ada", .phrases = {"word"}, .before = middle}),
            (Lines{"word 3", "word 2", "word 1"}));
  EXPECT_EQ(Find({.user = "ada", .phrases = {"word"}, .from_time = middle}), (Lines{"word 5", "word 4"}));
  EXPECT_EQ(Find({.user = "ada", .has_link = true}), Lines{"word 4"}) << "a filter alone";
  EXPECT_EQ(Find({.user = "ada", .phrases = {"word"}, .has_file = true}), Lines{"word 5"});
  EXPECT_EQ(Find({.user = "ada", .from = {"bob"}}), (Lines{"word 4", "word 2"}));
}

TEST_P(SearchTest, ScriptsWithoutBlanksAreFoundByAnyPiece) {
  const RoomId room = MakeRoom("general", {"ada"});
  for (const char* const text :
       {"東京都に行きます", "京都の東", "サーバーが落ちた", "배포했습니다", "deploy東京now"})
    Post(room, "ada", text);
  EXPECT_EQ(FindWords({"東京"}), (Lines{"deploy東京now", "東京都に行きます"}));
  EXPECT_EQ(FindWords({"京都"}), (Lines{"京都の東", "東京都に行きます"}));
  EXPECT_EQ(FindWords({"東"}).size(), 3u);
  EXPECT_EQ(FindWords({"バーが"}), Lines{"サーバーが落ちた"});
  EXPECT_EQ(FindWords({"했습"}), Lines{"배포했습니다"});
  EXPECT_EQ(FindWords({"now"}), Lines{"deploy東京now"});
}

TEST_P(SearchTest, FollowsEditsAndDeletions) {
  const RoomId room = MakeRoom("general", {"ada"});
  const Message message = Post(room, "ada", "old 古い words");
  Must(store().messages().EditText({.user = "ada"}, message.id, {.text = "new 新しい words"}));
  EXPECT_EQ(FindWords({"old"}), Lines{});
  EXPECT_EQ(FindWords({"古い"}), Lines{});
  EXPECT_EQ(FindWords({"新しい", "words"}).size(), 1u);
  Must(store().messages().Delete({.user = "ada"}, message.id));
  EXPECT_EQ(FindWords({"words"}), Lines{});
  TrySend(
      room,
      {.sender = Sender::kServer, .user_id = "ada", .type = MessageType::kSystem, .text = "system words"});
  EXPECT_EQ(FindWords({"words"}), Lines{}) << "of people only";
}

// Words that are everywhere but in the rooms of who asks: a page ends, and the next goes on.
TEST_P(SearchTest, LooksThroughSoManyAndGoesOnFromThere) {
  const RoomId mine = MakeRoom("mine", {"ada"});
  const RoomId noise = MakeRoom("noise", {"bob"});
  Post(mine, "ada", "needle common");
  std::vector<Send> sends(64, {.user_id = "bob", .text = "common"});
  for (int i = 0; i < 90; ++i) Must(store().messages().Append(noise, sends));  // 5,760
  EXPECT_EQ(FindWords({"common"}), Lines{"needle common"});
  EXPECT_EQ(Find({.user = "ada", .in = {mine}}), Lines{"needle common"});
}

}  // namespace
}  // namespace tidemill::chat
