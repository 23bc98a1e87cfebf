#include <gtest/gtest.h>

#include "realtime/methods/testing/methods_fixture.h"

namespace tidemill::methods {
namespace {

using api::testing::Reply;
using testing::MethodsFixture;
using Lines = std::vector<std::string>;

const Reply kDone{200, R"({"result":{}})"};

TEST(AccessMethods, TellEveryNode) {
  MethodsFixture api;
  EXPECT_EQ(api.Post("block_user", R"({"user":"42","expire_at":4000000000})"), kDone);
  EXPECT_EQ(api.Post("unblock_user", R"({"user":"42"})"), kDone);
  EXPECT_EQ(api.Post("revoke_token", R"({"uid":"6ba7","expire_at":null})"), kDone);
  EXPECT_EQ(api.Post("invalidate_user_tokens",
                     R"({"user":"42","issued_before":7,"expire_at":4000000000,"channel":"news"})"),
            kDone);
  EXPECT_EQ(api.directory.asked,
            (Lines{"access u:42 before 0 until 4000000000", "access u:42 before 0 until 0 lifted",
                   "access t:6ba7 before 0 until 0", "access i:2:42news before 7 until 4000000000"}));
}

TEST(AccessMethods, TokensAreInvalidatedAsOfNowIfNoTimeIsGiven) {
  MethodsFixture api;
  const std::int64_t before = SystemClock().WallNow().ms / 1000;
  ASSERT_EQ(api.Post("invalidate_user_tokens", R"({"user":"42"})"), kDone);
  const std::string asked = api.directory.asked.front();
  const std::int64_t time = std::stoll(asked.substr(sizeof("access i:2:42 before ") - 1));
  EXPECT_GE(time, before);
  EXPECT_LE(time, before + 60);
}

TEST(AccessMethods, RefuseWhatIsNotMeantSo) {
  struct Case {
    const char* method;
    const char* body;
  };
  MethodsFixture api;
  const std::string long_name(1025, 'x');
  const std::string long_user = R"({"user":")" + long_name + "\"}";
  const std::string long_channel = R"({"user":"u","channel":")" + long_name + "\"}";
  for (const Case& c : {Case{"block_user", "{}"},
                        {"block_user", R"({"user":""})"},
                        {"block_user", R"({"user":"u","expires_at":4000000000})"},
                        {"block_user", R"({"user":"u","expire_at":1})"},
                        {"block_user", R"({"user":"u","expire_at":-1})"},
                        {"block_user", long_user.c_str()},
                        {"unblock_user", R"({"users":["u"]})"},
                        {"unblock_user", R"({"user":"u","expire_at":4000000000})"},
                        {"revoke_token", R"({"user":"u"})"},
                        {"revoke_token", R"({"uid":""})"},
                        {"invalidate_user_tokens", R"({"user":"u","issued_before":-1})"},
                        {"invalidate_user_tokens", R"({"user":"u","issued_bfore":5})"},
                        {"invalidate_user_tokens", long_channel.c_str()}}) {
    SCOPED_TRACE(std::string(c.method) + " " + c.body);
    const Reply reply = api.Post(c.method, c.body);
    EXPECT_NE(reply.body.find(R"("code":107)"), std::string::npos) << reply.body;
  }
  EXPECT_EQ(api.directory.asked, Lines{});
}

TEST(AccessMethods, SayWhenTheListIsFull) {
  MethodsFixture api;
  for (const char* user : {"a", "b"}) {
    ASSERT_TRUE(api.access.Add({.subject = user, .decided_at = 1}, SystemClock().WallNow()));
  }
  EXPECT_NE(api.Post("block_user", R"({"user":"c"})").body.find(R"("code":106)"), std::string::npos);
  EXPECT_EQ(api.directory.asked, Lines{});
  EXPECT_EQ(api.Post("block_user", R"({"user":"b"})"), kDone);
  EXPECT_EQ(api.Post("unblock_user", R"({"user":"c"})"), kDone);
}

class FakeStore final : public access::Store {
 public:
  Task<Result<void>> Save(std::vector<access::Entry> entries) override {
    saved.insert(saved.end(), entries.begin(), entries.end());
    co_return answer;
  }
  Task<Result<access::News>> News() override { co_return access::News{}; }

  std::vector<access::Entry> saved;
  Result<void> answer;
};

TEST(AccessMethods, WhatCannotBeKeptIsNotDone) {
  FakeStore store;
  MethodsFixture api;
  api.SetAccessStore(store);
  store.answer = Fail(Errc::kUnavailable, "no connection");
  EXPECT_NE(api.Post("block_user", R"({"user":"u"})").body.find(R"("code":100)"), std::string::npos);
  EXPECT_EQ(api.directory.asked, Lines{});
  store.answer = {};
  EXPECT_EQ(api.Post("block_user", R"({"user":"u"})"), kDone);
  ASSERT_EQ(store.saved.size(), 2u);
  EXPECT_EQ(store.saved[1].subject, "u");
  EXPECT_GT(store.saved[1].decided_at, 0);
  EXPECT_EQ(api.directory.asked.size(), 1u);
}

}  // namespace
}  // namespace tidemill::methods
