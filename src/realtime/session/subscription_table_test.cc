#include "realtime/session/subscription_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::session {
namespace {

struct NoEvents final : ClientEvents {
  std::size_t answer_bytes() const override { return 0; }
  void OnSlow(std::size_t) override {}
  void OnInappropriateData() override {}
  void OnStreamLost(const ChannelSubscription&) override {}
  void OnKeyRemoved(const std::string&, const protocol::PublicationPtr&) override {}
};

class SubscriptionTableTest : public testing::Test {
 protected:
  ChannelSubscription& Add(std::string_view channel) {
    return table_.Add(std::make_unique<ChannelSubscription>(events_, channel));
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : table_.entries()) names.push_back(entry->channel_name());
    return names;
  }

  NoEvents events_;
  SubscriptionTable table_;
};

TEST_F(SubscriptionTableTest, FindsWhatIsThere) {
  EXPECT_EQ(table_.Find("a"), nullptr);
  ChannelSubscription& b = Add("b");
  ChannelSubscription& a = Add("a");
  ChannelSubscription& ab = Add("ab");
  EXPECT_EQ(Names(), (std::vector<std::string>{"a", "ab", "b"}));
  EXPECT_EQ(table_.Find("a"), &a);
  EXPECT_EQ(table_.Find("ab"), &ab);
  EXPECT_EQ(table_.Find("b"), &b);
  for (const char* absent : {"", "aa", "c"}) EXPECT_EQ(table_.Find(absent), nullptr);
}

TEST_F(SubscriptionTableTest, WhatIsTakenIsGone) {
  ChannelSubscription& a = Add("a");
  Add("b");
  EXPECT_EQ(table_.Take("c"), nullptr);
  EXPECT_EQ(table_.Take("a").get(), &a);
  EXPECT_EQ(table_.Take("a"), nullptr);
  EXPECT_NE(table_.TakeOne(), nullptr);
  EXPECT_EQ(table_.TakeOne(), nullptr);
}

TEST_F(SubscriptionTableTest, ManyStayWhereTheyAreAndFewKeepNothingInReserve) {
  for (int i = 0; i < 8; ++i) Add("few" + std::to_string(i));
  EXPECT_EQ(table_.entries().capacity(), 8u);
  std::vector<ChannelSubscription*> added;
  for (int i = 0; i < 1000; ++i) added.push_back(&Add("many" + std::to_string(i * 7919 % 1000)));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(table_.Find("many" + std::to_string(i * 7919 % 1000)), added[static_cast<std::size_t>(i)]);
  }
  EXPECT_EQ(table_.size(), 1008u);
}

}  // namespace
}  // namespace tidemill::session
