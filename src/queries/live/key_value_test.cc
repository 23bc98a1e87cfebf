#include "queries/live/key_value.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace tidemill::queries::live {
namespace {

using Kind = LiveKey::Kind;

TEST(KeyValueOf, IsTheTextThatPostgresWrites) {
  EXPECT_EQ(KeyValueOf(Kind::kInteger, std::int64_t{-7}), "-7");
  EXPECT_EQ(KeyValueOf(Kind::kText, std::string("a B")), "a B");
  EXPECT_EQ(KeyValueOf(Kind::kText, std::string()), "");
  constexpr const char* kUuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
  for (const char* text :
       {kUuid, "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11"}) {
    EXPECT_EQ(KeyValueOf(Kind::kUuid, std::string(text)), kUuid);
  }
}

TEST(KeyValueOf, WhatHasNoOneSpellingIsNoKey) {
  EXPECT_EQ(KeyValueOf(Kind::kInteger, sql::Null{}), std::nullopt);
  EXPECT_EQ(KeyValueOf(Kind::kInteger, std::string("7")), std::nullopt);
  EXPECT_EQ(KeyValueOf(Kind::kText, std::int64_t{7}), std::nullopt);
  EXPECT_EQ(KeyValueOf(Kind::kText, 7.0), std::nullopt);
  EXPECT_EQ(KeyValueOf(Kind::kText, std::string(kKeyValueBytesMax + 1, 'x')), std::nullopt);
  EXPECT_TRUE(KeyValueOf(Kind::kText, std::string(kKeyValueBytesMax, 'x')));
  EXPECT_EQ(KeyValueOf(Kind::kUuid, std::string("a0eebc99")), std::nullopt);
}

}  // namespace
}  // namespace tidemill::queries::live
