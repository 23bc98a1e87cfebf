#include "sql/rows.h"

#include <gtest/gtest.h>

#include <limits>

#include "sql/testing/database_suite.h"

namespace tidemill::sql {
namespace {

using testing::ToLines;
using Lines = std::vector<std::string>;

std::shared_ptr<const Columns> ColumnsOf(std::initializer_list<Kind> kinds) {
  auto columns = std::make_shared<Columns>();
  for (const Kind kind : kinds) {
    columns->push_back({.name = "c" + std::to_string(columns->size()),
                        .type = std::make_shared<Type>(Type{.kind = kind, .name = ""})});
  }
  return columns;
}

TEST(Rows, KeepWhatIsAppended) {
  Rows rows(ColumnsOf({Kind::kInteger, Kind::kText}));
  EXPECT_TRUE(rows.empty());
  std::string buffer = "1one2";
  const Row::Slot slots[] = {{.offset = 0, .bytes = 1, .kind = Kind::kInteger},
                             {.offset = 1, .bytes = 3, .kind = Kind::kText},
                             {.offset = 4, .bytes = 1, .kind = Kind::kInteger},
                             {.offset = 5, .bytes = 0, .kind = Kind::kNull}};
  rows.Append(Row(buffer.data(), std::span(slots).first(2)));
  rows.Append(Row(buffer.data(), std::span(slots).last(2)));
  buffer.assign(buffer.size(), '#');
  EXPECT_EQ(ToLines(rows), (Lines{"1 one", "2 ~"}));
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows.bytes(), 5u);
  EXPECT_EQ(rows[0].bytes(), 4u);
  EXPECT_EQ(rows[0][0].kind, Kind::kInteger);
  EXPECT_TRUE(rows[1][1].is_null());
  EXPECT_EQ(rows.columns()[1].name, "c1");

  const Rows copy = rows;
  Rows moved = std::move(rows);
  EXPECT_EQ(ToLines(copy), ToLines(moved));
}

TEST(Rows, WithoutColumnsAreCounted) {
  Rows rows(ColumnsOf({}));
  rows.Append(Row(nullptr, {}));
  rows.Append(Row(nullptr, {}));
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows.bytes(), 0u);
  EXPECT_EQ(rows[1].size(), 0u);
  EXPECT_TRUE(Rows().empty());
  EXPECT_TRUE(Rows().columns().empty());
}

TEST(Row, ASlotIsTwelveBytes) { EXPECT_EQ(sizeof(Row::Slot), 12u); }

TEST(Field, AsInteger) {
  struct Case {
    const char* text;
    std::optional<std::int64_t> value;
  };
  const Case cases[] = {
      {"0", 0},
      {"-7", -7},
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"9223372036854775808", std::nullopt},
      {"", std::nullopt},
      {" 1", std::nullopt},
      {"1 ", std::nullopt},
      {"1.0", std::nullopt},
      {"+1", std::nullopt},
      {"abc", std::nullopt},
  };
  for (const Case& c : cases) {
    const auto value = Field{.kind = Kind::kInteger, .text = c.text}.AsInteger();
    EXPECT_EQ(value.has_value(), c.value.has_value()) << c.text;
    if (c.value) {
      EXPECT_EQ(value, *c.value);
    } else {
      EXPECT_EQ(value.error().kind, FailureKind::kInvalidValue);
    }
  }
}

TEST(Field, AsDouble) {
  EXPECT_EQ((Field{.kind = Kind::kFloat, .text = "1.5e300"}.AsDouble()), 1.5e300);
  EXPECT_EQ((Field{.kind = Kind::kNumeric, .text = "-0.25"}.AsDouble()), -0.25);
  EXPECT_EQ((Field{.kind = Kind::kInteger, .text = "3"}.AsDouble()), 3.0);
  EXPECT_EQ((Field{.kind = Kind::kFloat, .text = "-Infinity"}.AsDouble()),
            -std::numeric_limits<double>::infinity());
  const auto nan = Field{.kind = Kind::kFloat, .text = "NaN"}.AsDouble();
  ASSERT_TRUE(nan);
  EXPECT_NE(*nan, *nan);
  EXPECT_FALSE((Field{.kind = Kind::kText, .text = "1,5"}.AsDouble()));
}

TEST(Field, AsBoolean) {
  EXPECT_EQ((Field{.kind = Kind::kBoolean, .text = "t"}.AsBoolean()), true);
  EXPECT_EQ((Field{.kind = Kind::kBoolean, .text = "f"}.AsBoolean()), false);
  EXPECT_EQ((Field{.kind = Kind::kInteger, .text = "1"}.AsBoolean()), true);
  EXPECT_EQ((Field{.kind = Kind::kInteger, .text = "0"}.AsBoolean()), false);
  for (const char* text : {"", "true", "2", "T"}) {
    EXPECT_FALSE((Field{.kind = Kind::kText, .text = text}.AsBoolean())) << text;
  }
}

TEST(Field, NullIsNoValue) {
  const Field null;
  EXPECT_TRUE(null.is_null());
  EXPECT_EQ(null.AsInteger().error().message, "null where an integer is wanted");
  EXPECT_EQ(null.AsDouble().error().message, "null where a number is wanted");
  EXPECT_EQ(null.AsBoolean().error().message, "null where a boolean is wanted");
  EXPECT_EQ((Field{.kind = Kind::kText, .text = "x"}.AsInteger().error().message), "not an integer");
}

TEST(Statement, CopiesAreTheSameAndOthersAreNot) {
  const Statement one("select 1");
  const Statement copy = one;
  const Statement other("select 1");
  EXPECT_EQ(one.identity(), copy.identity());
  EXPECT_NE(one.identity(), other.identity());
  EXPECT_EQ(copy.text(), "select 1");
  EXPECT_EQ(one.reuse(), Reuse::kOften);
}

}  // namespace
}  // namespace tidemill::sql
