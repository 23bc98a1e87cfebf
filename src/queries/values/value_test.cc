#include "queries/values/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "queries/values/testing/described.h"

namespace tidemill::queries {
namespace {

using sql::Dialect;
using testing::ArrayOf;
using testing::CompositeOf;
using testing::EnumOf;
using testing::TypeOf;
using testing::TypePtr;
using Text = std::string;

struct Case {
  std::string type;
  std::string json;
  sql::Parameter value;
};
struct Wrong {
  std::string type;
  std::string json;
  std::string problem;
};

void ExpectValue(const Checked<sql::Parameter>& value, const sql::Parameter& expected) {
  ASSERT_TRUE(value) << value.error();
  EXPECT_EQ(*value, expected);
}

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

TEST(FromJson, PostgresGetsEveryDigit) {
  const Case cases[] = {
      {"int2", "-32768", std::int64_t{-32768}},
      {"int4", "2147483647", std::int64_t{2147483647}},
      {"int4", "-7.00", std::int64_t{-7}},
      {"int8", "9007199254740993", std::int64_t{9007199254740993}},
      {"int8", "\"9007199254740993\"", std::int64_t{9007199254740993}},
      {"int8", "-9223372036854775808", kLeast},
      {"oid", "4294967295", std::int64_t{4294967295}},
      {"xid8", "18446744073709551615", Text("18446744073709551615")},
      {"float8", "1e3", Text("1e3")},
      {"float8", "0.1000000000000000055511151231257827", Text("0.1000000000000000055511151231257827")},
      {"float8", "\"NaN\"", Text("NaN")},
      {"float4", "\"-Infinity\"", Text("-Infinity")},
      {"numeric", "9007199254740993.10", Text("9007199254740993.10")},
      {"numeric", "\"0.1\"", Text("0.1")},
      {"numeric", "-1e-20", Text("-1e-20")},
      {"numeric", "\"Infinity\"", Text("Infinity")},
      {"bool", "true", true},
      {"bool", "false", false},
      {"text", "\"\"", Text("")},
      {"text", R"("a\u00e9\n\"'")", Text("aé\n\"'")},
      {"inet", "\"10.0.0.1\"", Text("10.0.0.1")},
      {"json", R"({"a": [1.0]})", Text(R"({"a": [1.0]})")},
      {"json", "\"text\"", Text("\"text\"")},
      {"json", "17", Text("17")},
      {"date", "\"2024-02-29\"", Text("2024-02-29")},
      {"date", "\"infinity\"", Text("infinity")},
      {"date", "\"0044-03-15 BC\"", Text("0044-03-15 BC")},
      {"timestamp", "\"2026-11-27T10:00:00.123456\"", Text("2026-11-27T10:00:00.123456")},
      {"timestamp", "\"2026-11-27 10:00Z\"", Text("2026-11-27 10:00Z")},
      {"timestamptz", "\"2026-11-27T10:00:00+05:30\"", Text("2026-11-27T10:00:00+05:30")},
      {"timestamptz", "\"2026-11-27t10:00:60z\"", Text("2026-11-27t10:00:60z")},
      {"timestamptz", "\"10000-01-01T00:00:00-08\"", Text("10000-01-01T00:00:00-08")},
      {"uuid", "\"123e4567-E89B-12d3-a456-426614174000\"", Text("123e4567-E89B-12d3-a456-426614174000")},
      {"bytea", "\"AP8=\"", sql::Bytes{std::string("\0\xff", 2)}},
      {"bytea", "\"_-8\"", sql::Bytes{"\xff\xef"}},
      {"bytea", "\"\"", sql::Bytes{""}},
      {"int4[]", "[1, null,-3]", Text("{1,NULL,-3}")},
      {"int4[]", "[]", Text("{}")},
      {"int4[]", "[[1,2],[3,4]]", Text("{{1,2},{3,4}}")},
      {"int4[]", "[[],[]]", Text("{}")},
      {"bool[]", "[true,false]", Text("{t,f}")},
      {"numeric[]", "[1.10,\"NaN\"]", Text("{1.10,NaN}")},
      {"text[]", R"(["a","NULL","","a,b","{}","\"","\\"])", Text(R"({"a","NULL","","a,b","{}","\"","\\"})")},
      {"bytea[]", "[\"AP8=\"]", Text(R"({"\\x00ff"})")},
      {"json[]", R"([[1],{"a":null},null])", Text(R"({"[1]","{\"a\":null}",NULL})")},
      {"box[]", R"~(["(1,1),(0,0)","(2,2),(0,0)"])~", Text(R"~({"(1,1),(0,0)";"(2,2),(0,0)"})~")},
      {"timestamptz[]", "[\"2026-11-27T10:00:00Z\"]", Text("{\"2026-11-27T10:00:00Z\"}")},
      {"int4", "null", sql::Null()},
      {"json", "null", sql::Null()},
      {"int4[]", "null", sql::Null()},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.type + " " + c.json);
    const auto value = FromJson(*TypeOf(c.type), c.json, Dialect::kPostgres);
    ASSERT_TRUE(value) << value.error();
    EXPECT_EQ(*value, c.value);
  }
}

TEST(FromJson, WhatATypeDoesNotTakeIsRefused) {
  const Wrong cases[] = {
      {"int2", "32768", "must be an integer from -32768 to 32767, and is 32768"},
      {"int4", "-2147483649", "must be an integer from -2147483648 to 2147483647, and is -2147483649"},
      {"int4", "\"1\"", "must be an integer, and is \"1\""},
      {"int4", "1.5", "must be an integer from -2147483648 to 2147483647, and is 1.5"},
      {"int4", "1e2", "must be an integer from -2147483648 to 2147483647, and is 1e2"},
      {"int8", "9223372036854775808",
       "must be an integer from -9223372036854775808 to 9223372036854775807, and is 9223372036854775808"},
      {"int8", "\"x\"", "must be an integer from -9223372036854775808 to 9223372036854775807, and is \"x\""},
      {"oid", "-1", "must be an integer from 0 to 4294967295, and is -1"},
      {"xid8", "-1", "must be an integer from 0 to 18446744073709551615, and is -1"},
      {"float8", "1e400", "must be a number that 64 bits hold, and is 1e400"},
      {"float4", "1e39", "must be a number that 32 bits hold, and is 1e39"},
      {"float8", "\"1\"", "must be a number, and is \"1\""},
      {"numeric", "\"1,5\"", "must be a number, and is \"1,5\""},
      {"numeric", "\"0x10\"", "must be a number, and is \"0x10\""},
      {"numeric", "\" 1\"", "must be a number, and is \" 1\""},
      {"bool", "1", "must be true or false, and is 1"},
      {"bool", "\"true\"", "must be true or false, and is \"true\""},
      {"text", "1", "must be a text, and is 1"},
      {"text", "[]", "must be a text, and is an array"},
      {"text", R"("a\u0000")", "has a zero character"},
      {"text", R"("\ud800")", "has half of a surrogate pair"},
      {"date", "\"2026-02-29\"", "must be a date like 2026-11-27, and is \"2026-02-29\""},
      {"date", "\"27.11.2026\"", "must be a date like 2026-11-27, and is \"27.11.2026\""},
      {"date", "\"now\"", "must be a date like 2026-11-27, and is \"now\""},
      {"timestamp", "\"2026-11-27\"", "must be a time like 2026-11-27T10:00:00, and is \"2026-11-27\""},
      {"timestamp", "\"2026-11-27T10:00:00+01:00\"",
       "has no time zone in the database: leave it out, like 2026-11-27T10:00:00, and is "
       "\"2026-11-27T10:00:00+01:00\""},
      {"timestamptz", "\"2026-11-27T10:00:00\"",
       "must say its time zone, like 2026-11-27T10:00:00Z or 2026-11-27T12:00:00+02:00, and is "
       "\"2026-11-27T10:00:00\""},
      {"timestamptz", "\"2026-11-27T24:00:00Z\"",
       "must be a time like 2026-11-27T10:00:00Z, and is \"2026-11-27T24:00:00Z\""},
      {"timestamptz", "1764237600",
       "must be a text: a time like \"2026-11-27T10:00:00Z\", and is 1764237600"},
      {"uuid", "\"123e4567e89b12d3a456426614174000\"",
       "must be a UUID like 123e4567-e89b-12d3-a456-426614174000, and is "
       "\"123e4567e89b12d3a456426614174000\""},
      {"bytea", "\"\\\\x00\"", "must be base64, and is \"\\\\x00\""},
      {"int4[]", "1", "must be an array"},
      {"int4[]", "\"{1}\"", "must be an array, and is \"{1}\""},
      {"int4[]", "[1,\"x\"]", "has an element, number 2, that must be an integer, and is \"x\""},
      {"int4[]", "[[1],[2,3]]", "must have arrays of the same length in it, as Postgres' arrays have"},
      {"int4[]", "[1,[2]]", "must have arrays of the same length in it, as Postgres' arrays have"},
      {"int4[]", "[[1],2]", "must have arrays of the same length in it, as Postgres' arrays have"},
      {"int4[]", "[[[[[[[1]]]]]]]", "has more than 6 arrays in each other"},
  };
  for (const Wrong& c : cases) {
    SCOPED_TRACE(c.type + " " + c.json);
    const auto value = FromJson(*TypeOf(c.type), c.json, Dialect::kPostgres);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error(), c.problem);
  }
}

TEST(FromJson, EnumsTakeTheirLabels) {
  const TypePtr mood = EnumOf({"sad", "ok", "5"});
  ExpectValue(FromJson(*mood, "\"ok\"", Dialect::kPostgres), Text("ok"));
  EXPECT_EQ(FromJson(*mood, "\"oq\"", Dialect::kPostgres).error(),
            "must be one of sad, ok, 5, and is \"oq\"; did you mean ok?");
  EXPECT_EQ(FromJson(*mood, "\"sat\"", Dialect::kPostgres).error(),
            "must be one of sad, ok, 5, and is \"sat\"; did you mean sad?");
  EXPECT_EQ(FromJson(*mood, "5", Dialect::kPostgres).error(), "must be one of sad, ok, 5, and is 5");
  ExpectValue(FromJson(*ArrayOf(mood), "[\"ok\",null]", Dialect::kPostgres), Text("{\"ok\",NULL}"));
  const std::vector<std::string> many(100, "label");
  EXPECT_LT(FromJson(*EnumOf(many), "\"x\"", Dialect::kPostgres).error().size(), 400u);
}

TEST(FromJson, CompositesAreObjects) {
  const TypePtr point =
      CompositeOf({{"x", TypeOf("int4")}, {"name", TypeOf("text")}, {"raw", TypeOf("bytea")}});
  const TypePtr line = CompositeOf({{"from", point}, {"tags", TypeOf("text[]")}});
  struct Composite {
    const TypePtr& type;
    std::string json;
    std::string literal;
  };
  const Composite cases[] = {
      {point, R"~({"x":1,"name":"a \"b\" \\ (c,)"})~", R"~(("1","a ""b"" \\ (c,)",))~"},
      {point, R"~({"raw":"/w=="})~", R"~((,,"\\xff"))~"},
      {point, "{}", "(,,)"},
      {line, R"~({"from":{"x":1},"tags":["a,b"]})~", R"~(("(""1"",,)","{""a,b""}"))~"},
  };
  for (const Composite& c : cases) ExpectValue(FromJson(*c.type, c.json, Dialect::kPostgres), c.literal);
  EXPECT_EQ(FromJson(*point, R"({"y":1})", Dialect::kPostgres).error(),
            "has no attribute \"y\"; did you mean x?");
  EXPECT_EQ(FromJson(*point, R"({"nmae":1})", Dialect::kPostgres).error(),
            "has no attribute \"nmae\"; did you mean name?");
  EXPECT_EQ(FromJson(*point, R"({"x":1,"x":2})", Dialect::kPostgres).error(), "has the attribute x twice");
  EXPECT_EQ(FromJson(*point, R"({"x":"1"})", Dialect::kPostgres).error(),
            "has an attribute, x, that must be an integer, and is \"1\"");
  EXPECT_EQ(FromJson(*point, "[]", Dialect::kPostgres).error(), "must be an object");
}

TEST(FromJson, ArraysHaveALimit) {
  std::string json = "[1";
  for (std::size_t i = 1; i < kArrayElementsMax; ++i) json += ",1";
  for (const Dialect dialect : {Dialect::kPostgres, Dialect::kSqlite}) {
    EXPECT_TRUE(FromJson(*TypeOf("int4[]"), json + "]", dialect));
    EXPECT_EQ(FromJson(*TypeOf("int4[]"), json + ",1]", dialect).error(), "has more than 20000 elements");
  }
}

TEST(FromJson, ANumericMayHaveAThousandDigits) {
  const std::string digits = std::string(1000, '7') + "." + std::string(1000, '3');
  ExpectValue(FromJson(*TypeOf("numeric"), digits, Dialect::kPostgres), digits);
  ExpectValue(FromText(*TypeOf("numeric"), digits, Dialect::kPostgres), digits);
}

TEST(FromJson, SqliteGetsItsOwnTypes) {
  const Case cases[] = {
      {"", "1", std::int64_t{1}},
      {"", "1.5", 1.5},
      {"", "9223372036854775808", 9223372036854775808.0},
      {"", "true", true},
      {"", "\"1\"", Text("1")},
      {"", "[1]", Text("[1]")},
      {"", "{}", Text("{}")},
      {"float8", "1", 1.0},
      {"float8", "\"-Infinity\"", -std::numeric_limits<double>::infinity()},
      {"numeric", "1", std::int64_t{1}},
      {"numeric", "1.25", 1.25},
      {"int8", "-1", std::int64_t{-1}},
      {"bytea", "\"AP8=\"", sql::Bytes{std::string("\0\xff", 2)}},
      {"int8[]", "[1, null]", Text("[1, null]")},
      {"json", "{\"a\":1}", Text("{\"a\":1}")},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.type + " " + c.json);
    const auto value = FromJson(*TypeOf(c.type), c.json, Dialect::kSqlite);
    ASSERT_TRUE(value) << value.error();
    EXPECT_EQ(*value, c.value);
  }
  EXPECT_EQ(FromJson(*TypeOf("float8"), "\"NaN\"", Dialect::kSqlite).error(),
            "is NaN, which SQLite does not store");
  EXPECT_EQ(FromJson(*TypeOf(""), "1e400", Dialect::kSqlite).error(),
            "must be a number that 64 bits hold, and is 1e400");
  EXPECT_EQ(
      FromJson(*TypeOf("int8[]"), "[1,true]", Dialect::kSqlite).error(),
      "has an element, number 2, that must be an integer from -9223372036854775808 to 9223372036854775807, "
      "and is true");
  const std::vector<std::string> texts = {"1", "-2"};
  ExpectValue(FromTexts(*TypeOf("int8[]"), texts, Dialect::kSqlite), Text("[1,-2]"));
  ExpectValue(FromTexts(*TypeOf("text[]"), texts, Dialect::kSqlite), Text("[\"1\",\"-2\"]"));
}

TEST(FromText, IsReadByType) {
  const Case cases[] = {
      {"int4", "007", std::int64_t{7}},
      {"int8", "-9223372036854775808", kLeast},
      {"float8", "1.5", Text("1.5")},
      {"numeric", "NaN", Text("NaN")},
      {"bool", "true", true},
      {"text", "", Text("")},
      {"text", "null", Text("null")},
      {"json", " {\"a\":1}", Text(" {\"a\":1}")},
      {"bytea", "/-8", sql::Null()},
      {"bytea", "_-8", sql::Bytes{"\xff\xef"}},
      {"date", "2026-11-27", Text("2026-11-27")},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.type + " " + c.json);
    const auto value = FromText(*TypeOf(c.type), c.json, Dialect::kPostgres);
    if (std::holds_alternative<sql::Null>(c.value)) {
      EXPECT_FALSE(value);
    } else {
      ExpectValue(value, c.value);
    }
  }
  const Wrong wrong[] = {
      {"int4", "+1", "must be an integer from -2147483648 to 2147483647, and is \"+1\""},
      {"int4", " 1", "must be an integer from -2147483648 to 2147483647, and is \" 1\""},
      {"int4", "1'--", "must be an integer from -2147483648 to 2147483647, and is \"1'--\""},
      {"bool", "1", "must be true or false, and is \"1\""},
      {"float8", ".5", "must be a number, and is \".5\""},
      {"float8", "nan", "must be a number, and is \"nan\""},
      {"float8", "0x1p3", "must be a number, and is \"0x1p3\""},
      {"json", "{", "must be JSON, and is \"{\""},
  };
  for (const Wrong& c : wrong) {
    SCOPED_TRACE(c.type + " " + c.json);
    EXPECT_EQ(FromText(*TypeOf(c.type), c.json, Dialect::kPostgres).error(), c.problem);
  }
  // What is shown of a long one is short.
  EXPECT_LT(FromText(*TypeOf("int4"), std::string(100'000, 'x'), Dialect::kPostgres).error().size(), 200u);
  EXPECT_LT(FromJson(*TypeOf("int4"), std::string(100'000, '1'), Dialect::kPostgres).error().size(), 200u);
}

TEST(FromDefault, IsReadByType) {
  using Kind = files::DefaultValue::Kind;
  ExpectValue(FromDefault(*TypeOf("int4"), {Kind::kNumber, "5"}, Dialect::kPostgres), std::int64_t{5});
  ExpectValue(FromDefault(*TypeOf("numeric"), {Kind::kNumber, "-1.50"}, Dialect::kPostgres), Text("-1.50"));
  ExpectValue(FromDefault(*TypeOf("bool"), {Kind::kBoolean, "true"}, Dialect::kPostgres), true);
  ExpectValue(FromDefault(*TypeOf("text"), {Kind::kNull, ""}, Dialect::kPostgres), sql::Null());
  ExpectValue(FromDefault(*TypeOf(""), {Kind::kNumber, "5"}, Dialect::kSqlite), std::int64_t{5});
  ExpectValue(FromDefault(*TypeOf(""), {Kind::kText, "5"}, Dialect::kSqlite), Text("5"));
  ExpectValue(FromDefault(*TypeOf(""), {Kind::kBoolean, "false"}, Dialect::kSqlite), false);
  EXPECT_FALSE(FromDefault(*TypeOf("int4"), {Kind::kText, "x"}, Dialect::kPostgres));
}

}  // namespace
}  // namespace tidemill::queries
