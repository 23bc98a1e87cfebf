#include "sql/testing/stream_contract.h"

#include <unistd.h>

#include <fstream>

#include "net/testing/slowdown.h"

namespace tidemill::sql::testing {

std::string StreamContract::Name(const ParamInfo& info) { return info.param.name; }

namespace {

using TextLines = std::vector<std::string>;

constexpr std::size_t kPieceBytesMax = 4 << 20;
constexpr std::size_t kGrowthMax = 48 << 20;

constexpr const char* kManyPostgres = "select generate_series(1, $1::bigint) as n, repeat('x', 100)";
constexpr const char* kManySqlite =
    "with recursive s(n) as (select 1 union all select n + 1 from s where n < $1) "
    "select n, printf('%0100d', n) from s";

// A sanitizer keeps what was freed, so the process's memory says nothing under one.
constexpr bool kMemoryIsJudged = !net::testing::kSanitized;

std::size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(getpagesize());
}

struct Reading {
  std::int64_t rows = 0;
  std::size_t pieces = 0;
  std::size_t piece_bytes_max = 0;
  std::size_t resident_max = 0;
  bool in_order = true;
  std::optional<Failure> failure;
};

Task<Reading> ReadAll(RowStream& stream) {
  Reading reading;
  for (;;) {
    auto piece = co_await stream.Next();
    if (!piece) {
      reading.failure = piece.error();
      co_return reading;
    }
    if (!*piece) co_return reading;
    const Rows& rows = **piece;
    ++reading.pieces;
    reading.piece_bytes_max = std::max(reading.piece_bytes_max, rows.bytes() + rows.size() * 24);
    reading.resident_max = std::max(reading.resident_max, ResidentBytes());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i][0].AsInteger() != ++reading.rows) reading.in_order = false;
    }
  }
}

}  // namespace

// A united build links all suites into each test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StreamContract);

TEST_P(StreamContract, AMillionRowsInTheMemoryOfAPiece) {
  const std::size_t before = ResidentBytes();
  auto stream = Await(
      database().Stream(Of(Either(kManyPostgres, kManySqlite), {std::int64_t{1'000'000}}, Access::kRead)));
  ASSERT_TRUE(stream) << stream.error().message;
  ASSERT_EQ((*stream)->columns().size(), 2u);
  EXPECT_EQ((*stream)->columns()[0].name, "n");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Lines("select 1"), TextLines{"1"}) << "others go on meanwhile";
  const Reading reading = Await(ReadAll(**stream));
  EXPECT_EQ(reading.failure, std::nullopt);
  EXPECT_EQ(reading.rows, 1'000'000);
  EXPECT_TRUE(reading.in_order);
  EXPECT_GT(reading.pieces, 10u);
  EXPECT_LE(reading.piece_bytes_max, kPieceBytesMax);
  if (kMemoryIsJudged) {
    EXPECT_LT(reading.resident_max, before + kGrowthMax);
  }
}

TEST_P(StreamContract, FewRowsAndNone) {
  for (const std::int64_t rows : {1, 2, 100}) {
    auto stream = Await(database().Stream(Of(Either(kManyPostgres, kManySqlite), {rows}, Access::kRead)));
    ASSERT_TRUE(stream);
    EXPECT_EQ(Await(ReadAll(**stream)).rows, rows);
    const auto after = Await((*stream)->Next());
    ASSERT_TRUE(after);
    EXPECT_FALSE(*after) << "the end stays the end";
  }
  CreatePeople();
  auto none = Await(database().Stream(Of("select id, name from people", {}, Access::kRead)));
  ASSERT_TRUE(none);
  EXPECT_EQ((*none)->columns().size(), 2u);
  EXPECT_EQ(Await(ReadAll(**none)).rows, 0);
}

TEST_P(StreamContract, DestroyedEarlyItHoldsNothing) {
  for (int round = 0; round < 40; ++round) {
    auto stream = Await(database().Stream(
        Of(Either(kManyPostgres, kManySqlite), {std::int64_t{100'000'000}}, Access::kRead)));
    ASSERT_TRUE(stream) << stream.error().message;
    if (round % 2 == 0) {
      const auto piece = Await((*stream)->Next());
      ASSERT_TRUE(piece && *piece);
    }
  }
  EXPECT_EQ(Lines("select 1"), TextLines{"1"});
  CreateNumbers();
  Must("insert into numbers values (1)");
}

TEST_P(StreamContract, AFailureInTheMiddle) {
  const std::string text =
      Either("select n, 1 / (50000 - n) from generate_series(1, 1000000) n",
             "with recursive s(n) as (select 1 union all select n + 1 from s where n < 1000000) "
             "select n, case n when 50000 then abs(-9223372036854775807 - 1) else 0 end from s");
  auto stream = Await(database().Stream(Of(text, {}, Access::kRead)));
  ASSERT_TRUE(stream);
  const Reading reading = Await(ReadAll(**stream));
  ASSERT_TRUE(reading.failure);
  EXPECT_FALSE(reading.failure->message.empty());
  EXPECT_TRUE(reading.in_order);
  EXPECT_LT(reading.rows, 50'000);
  EXPECT_EQ(Lines("select 1"), TextLines{"1"});
}

TEST_P(StreamContract, WhatCannotBegin) {
  CreateNumbers();
  const auto syntax = Await(database().Stream(Of("selec 1", {}, Access::kRead)));
  ASSERT_FALSE(syntax);
  EXPECT_EQ(syntax.error().kind, FailureKind::kInvalidStatement);
  auto write = Await(database().Stream(Of("delete from numbers returning n", {}, Access::kRead)));
  std::optional<Failure> failure;
  if (write) {
    failure = Await(ReadAll(**write)).failure;
  } else {
    failure = write.error();
  }
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureKind::kReadOnly);
}

TEST_P(StreamContract, LimitsHold) {
  Call call = Of(Either(kManyPostgres, kManySqlite), {std::int64_t{100'000}}, Access::kRead);
  call.limits.rows_max = 5000;
  auto limited = Await(database().Stream(call));
  ASSERT_TRUE(limited);
  const Reading reading = Await(ReadAll(**limited));
  ASSERT_TRUE(reading.failure);
  EXPECT_EQ(reading.failure->kind, FailureKind::kLimitExceeded);
  EXPECT_LE(reading.rows, 5000);

  call.limits = {.deadline = In(Milliseconds(100))};
  call.statement = Statement(Either("select n, pg_sleep(1) from generate_series(1, $1::bigint) n",
                                    "with recursive s(n) as (select 1 union all select n + 1 from s) "
                                    "select n from s where n <= 3 or (n < 0 and n = ?1)"));
  auto slow = Await(database().Stream(call));
  std::optional<Failure> failure;
  if (slow) {
    failure = Await(ReadAll(**slow)).failure;
  } else {
    failure = slow.error();
  }
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureKind::kTimeout) << failure->message;
  EXPECT_EQ(Lines("select 1"), TextLines{"1"});
}

}  // namespace tidemill::sql::testing
