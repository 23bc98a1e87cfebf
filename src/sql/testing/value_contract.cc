#include "sql/testing/value_contract.h"

#include <bit>
#include <limits>
#include <numbers>

namespace tidemill::sql::testing {

std::string ValueContract::Name(const ParamInfo& info) { return info.param.name; }

namespace {

using TextLines = std::vector<std::string>;

std::string EveryByte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

const std::string kTexts[] = {
    "",
    " ",
    "plain",
    "it's \"quoted\" \\ and \\\\ back",
    "{a,b} (c,d) [1:2]={x} NULL null $1 ?1 :a @b %s",
    "line\nbreak\r\ttab\x01\x7f",
    "naïve 日本語 🎈 \u2028 \ufeff",
    std::string(1 << 20, 'x'),
};

}  // namespace

// A united build links all suites into each test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ValueContract);

TEST_P(ValueContract, Integers) {
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{1} << 53,
                               (std::int64_t{1} << 53) + 1, std::numeric_limits<std::int64_t>::max(),
                               std::numeric_limits<std::int64_t>::min()}) {
    const auto result = Run(Either("select $1::bigint", "select $1"), {n});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->rows[0][0].kind, Kind::kInteger);
    EXPECT_EQ(result->rows[0][0].text, std::to_string(n));
    EXPECT_EQ(result->rows[0][0].AsInteger(), n);
  }
}

TEST_P(ValueContract, Booleans) {
  for (const bool value : {true, false}) {
    const auto result = Run(Either("select $1::boolean", "select $1"), {value});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->rows[0][0].kind, IsSqlite() ? Kind::kInteger : Kind::kBoolean);
    EXPECT_EQ(result->rows[0][0].AsBoolean(), value);
  }
  EXPECT_EQ(Lines(Either("select 1 where $1", "select 1 where $1"), {true}), TextLines{"1"});
}

TEST_P(ValueContract, Doubles) {
  using Limits = std::numeric_limits<double>;
  for (const double value : {0.0, -0.0, 1.0, 0.1, -1.5, 1.0 / 3, std::numbers::pi, 1e15, 1e16, 1e22,
                             123456.789, 1e300, Limits::max(), Limits::lowest(), Limits::min(),
                             Limits::denorm_min(), Limits::infinity(), -Limits::infinity()}) {
    const auto result = Run(Either("select $1::double precision", "select $1"), {value});
    ASSERT_TRUE(result);
    const Field field = result->rows[0][0];
    EXPECT_EQ(field.kind, Kind::kFloat);
    if (value > Limits::max()) EXPECT_EQ(field.text, "Infinity");
    if (value < Limits::lowest()) EXPECT_EQ(field.text, "-Infinity");
    const auto back = field.AsDouble();
    ASSERT_TRUE(back) << field.text;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*back), std::bit_cast<std::uint64_t>(value)) << field.text;
  }
  const TextLines nan = Lines(Either("select $1::double precision", "select $1"), {Limits::quiet_NaN()});
  EXPECT_EQ(nan, TextLines{Either("NaN", "~")});
}

TEST_P(ValueContract, Texts) {
  for (const std::string& text : kTexts) {
    const auto result = Run(Either("select $1::text, length($1::text)", "select $1, length($1)"), {text});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->rows[0][0].kind, Kind::kText);
    EXPECT_EQ(result->rows[0][0].text, text);
  }
}

TEST_P(ValueContract, BytesAreBytes) {
  for (const std::string& bytes : {std::string(), EveryByte(), std::string("\0\0", 2), std::string("\\x00"),
                                   std::string(1 << 20, '\xff')}) {
    const auto result =
        Run(Either("select $1::bytea, length($1::bytea)", "select $1, length($1)"), {Bytes{bytes}});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->rows[0][0].kind, Kind::kBytes);
    EXPECT_EQ(result->rows[0][0].text, bytes);
    EXPECT_EQ(result->rows[0][1].AsInteger(), static_cast<std::int64_t>(bytes.size()));
  }
}

TEST_P(ValueContract, Nulls) {
  EXPECT_EQ(
      Lines(Either("select $1::bigint, $2::text, $3::bytea, $1 is null", "select $1, $2, $3, $1 is null"),
            {Null{}, Null{}, Null{}}),
      TextLines{Either("~ ~ ~ t", "~ ~ ~ 1")});
}

TEST_P(ValueContract, ListsOfIntegers) {
  const std::string text = Either("select n from unnest($1::bigint[]) with ordinality l(n, i) order by i",
                                  "select value from json_each($1) order by key");
  using Numbers = std::vector<std::int64_t>;
  EXPECT_EQ(Lines(text, {Numbers{}}), TextLines{});
  EXPECT_EQ(Lines(text, {Numbers{7}}), TextLines{"7"});
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(Lines(text, {Numbers{3, most, -1, least, 0}}),
            (TextLines{"3", std::to_string(most), "-1", std::to_string(least), "0"}));
  Numbers many;
  for (std::int64_t n = 0; n < 5'000; ++n) many.push_back(n * 1'000'003);
  const TextLines back = Lines(text, {many});
  ASSERT_EQ(back.size(), many.size());
  for (std::size_t i = 0; i < many.size(); ++i) ASSERT_EQ(back[i], std::to_string(many[i]));
}

TEST_P(ValueContract, ListsOfTexts) {
  const std::string text = Either("select t from unnest($1::text[]) with ordinality l(t, i) order by i",
                                  "select value from json_each($1) order by key");
  EXPECT_EQ(Lines(text, {TextLines{}}), TextLines{});
  const TextLines all(std::begin(kTexts), std::end(kTexts));
  EXPECT_EQ(Lines(text, {all}), all);
}

TEST_P(ValueContract, AListChoosesRows) {
  CreateNumbers();
  Must("insert into numbers values (1), (2), (3), (4)");
  const std::string text =
      Either("select n from numbers where n = any($1) order by n",
             "select n from numbers where n in (select value from json_each($1)) order by n");
  EXPECT_EQ(Lines(text, {std::vector<std::int64_t>{4, 2, 9}}), (TextLines{"2", "4"}));
  EXPECT_EQ(Lines(text, {std::vector<std::int64_t>{}}), TextLines{});
}

TEST_P(ValueContract, WhatIsStoredComesBack) {
  Must(Either("create table kept (i bigint, r double precision, t text, b bytea, f boolean)",
              "create table kept (i integer, r real, t text, b blob, f integer) strict"));
  Must("insert into kept values ($1, $2, $3, $4, $5)",
       {std::int64_t{-5}, 0.25, "ö", Bytes{EveryByte()}, true});
  Must("insert into kept values ($1, $2, $3, $4, $5)", {Null{}, Null{}, Null{}, Null{}, Null{}});
  const auto result = Run("select i, r, t, b, f from kept order by i is null", {}, Access::kRead);
  ASSERT_TRUE(result);
  ASSERT_EQ(result->rows.size(), 2u);
  const Row row = result->rows[0];
  EXPECT_EQ(row[0].text, "-5");
  EXPECT_EQ(row[1].AsDouble(), 0.25);
  EXPECT_EQ(row[2].text, "ö");
  EXPECT_EQ(row[3].text, EveryByte());
  EXPECT_EQ(row[4].AsBoolean(), true);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_TRUE(result->rows[1][i].is_null());
}

// Nothing in a parameter is SQL.
TEST_P(ValueContract, AParameterIsNeverSql) {
  CreateNumbers();
  const std::string text = "'; drop table numbers; --";
  EXPECT_EQ(Lines(Either("select $1::text", "select $1"), {text}), TextLines{text});
  EXPECT_EQ(Count("numbers"), 0);
}

TEST_P(ValueContract, ManyParameters) {
  std::string text = "select 0";
  Parameters parameters;
  std::int64_t sum = 0;
  for (std::int64_t n = 1; n <= 500; ++n) {
    text += " + $" + std::to_string(n) + Either("::bigint", "");
    parameters.push_back(n);
    sum += n;
  }
  EXPECT_EQ(Lines(text, parameters), TextLines{std::to_string(sum)});
}

}  // namespace tidemill::sql::testing
