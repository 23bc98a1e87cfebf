#include "chat/people/claims.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::chat {
namespace {

TEST(IdentityOf, ReadsTheClaims) {
  const auto all =
      IdentityOf("7", R"({"sub":"7","name":"Ada L.","username":"ada","role":"admin","bot":true,"x":[1]})");
  ASSERT_TRUE(all);
  EXPECT_EQ(
      *all,
      (Identity{
          .id = "7", .name = "Ada L.", .username = "ada", .role = WorkspaceRole::kAdmin, .is_bot = true}));
  EXPECT_EQ(*IdentityOf("7", ""), (Identity{.id = "7", .name = "", .username = ""}));
}

TEST(IdentityOf, WhatIsOfAnotherTypeIsNotThere) {
  const auto odd = IdentityOf("7", R"({"name":5,"username":null,"role":"emperor","bot":"yes"})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(*odd, (Identity{.id = "7", .name = "", .username = ""}));
}

TEST(IdentityOf, NeedsAUser) {
  for (const std::string& user : {std::string(), std::string(65, 'a'), std::string("a\0b", 3)}) {
    const auto refused = IdentityOf(user, "{}");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kUnauthenticated);
  }
  EXPECT_TRUE(IdentityOf(std::string(64, 'a'), "{}"));
}

}  // namespace
}  // namespace tidemill::chat
