#include <gtest/gtest.h>

#include <string>

#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using sql::FailureKind;

class CopyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(db.Run("drop table if exists copied"));
    ASSERT_TRUE(db.Run("create table copied(n int primary key, t text)"));
  }
  std::unique_ptr<CopyIn> In(const std::string& text) {
    auto copy = db.Wait(db.database->BeginCopyIn(sql::Statement(text)));
    EXPECT_TRUE(copy) << copy.error().message;
    return copy ? *std::move(copy) : nullptr;
  }
  std::string Count() { return std::string(db.Run("select count(*) from copied")->rows[0][0].text); }

  testing::OnLoop db{testing::SharedServer().url()};
};

constexpr const char* kCopyIn = "copy copied from stdin";

TEST_F(CopyTest, MuchGoesInAndComesOut) {
  auto in = In(kCopyIn);
  constexpr int kRows = 100'000;
  std::string data;
  for (int n = 0; n < kRows; ++n) {
    data += std::to_string(n) + "\t" + std::string(50, 'x') + "\n";
    if (data.size() < 100'000) continue;
    ASSERT_TRUE(db.Wait(in->Write(std::exchange(data, {}))));
  }
  ASSERT_TRUE(db.Wait(in->Write(data)));
  const auto stored = db.Wait(in->Finish());
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(*stored, 100'000u);
  EXPECT_EQ(Count(), "100000");

  auto out = db.Wait(db.database->BeginCopyOut(sql::Statement("copy copied to stdout")));
  ASSERT_TRUE(out);
  std::size_t lines = 0;
  std::size_t largest = 0;
  for (;;) {
    auto piece = db.Wait((*out)->Next());
    ASSERT_TRUE(piece) << piece.error().message;
    if (!*piece) break;
    lines += static_cast<std::size_t>(std::ranges::count(**piece, '\n'));
    largest = std::max(largest, (*piece)->size());
  }
  EXPECT_EQ(lines, 100'000u);
  EXPECT_LT(largest, 1u << 20);
}

TEST_F(CopyTest, AnErrorInTheMiddleStoresNothing) {
  for (const char* wrong : {"x\ty\n", "1\ty\n", "5\n"}) {
    auto in = In(kCopyIn);
    ASSERT_TRUE(db.Wait(in->Write("1\ta\n2\tb\n")));
    (void)db.Wait(in->Write(wrong));
    const auto finished = db.Wait(in->Finish());
    ASSERT_FALSE(finished);
    EXPECT_TRUE(finished.error().code == "22P02" || finished.error().code == "23505" ||
                finished.error().code == "22P04")
        << finished.error().code;
    EXPECT_FALSE(db.Wait(in->Write("3\tc\n")));
    in.reset();
    EXPECT_EQ(Count(), "0");
  }
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
}

TEST_F(CopyTest, GivenUpItStoresNothingAndLeavesAUsableConnection) {
  for (int round = 0; round < 10; ++round) {
    auto in = In(kCopyIn);
    ASSERT_TRUE(db.Wait(in->Write("1\ta\n")));
    in.reset();
    auto out = db.Wait(db.database->BeginCopyOut(
        sql::Statement("copy (select n, repeat('x', 1000) from generate_series(1, 100000) n) to stdout")));
    ASSERT_TRUE(out);
    ASSERT_TRUE(db.Wait((*out)->Next()));
  }
  EXPECT_EQ(Count(), "0");
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
  EXPECT_LE(db.metrics.connects.value(), 6u) << "two shared, four exclusive";
}

TEST_F(CopyTest, WhatIsNoSuchCopyIsRefused) {
  const auto failure_of = [&](const std::string& text) {
    auto copy = db.Wait(db.database->BeginCopyIn(sql::Statement(text)));
    EXPECT_FALSE(copy) << text;
    return copy ? sql::Failure{} : copy.error();
  };
  EXPECT_EQ(failure_of("select 1").message, "no COPY");
  EXPECT_EQ(failure_of("copy nowhere from stdin").code, "42P01");
  EXPECT_EQ(failure_of("copy copied to stdout").message, "a COPY in the other direction");
  EXPECT_EQ(failure_of("copy copied to stdout; select 1").code, "42601");
  const auto out = db.Wait(db.database->BeginCopyOut(sql::Statement(kCopyIn)));
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().message, "a COPY in the other direction");
  EXPECT_EQ(Count(), "0");
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
}

}  // namespace
}  // namespace tidemill::postgres
