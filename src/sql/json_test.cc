#include "sql/json.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"

namespace tidemill::sql {
namespace {

using TypePtr = std::shared_ptr<const Type>;

TypePtr Of(Kind kind, std::uint32_t oid = 1) {
  return std::make_shared<Type>(Type{.kind = kind, .name = "", .oid = oid});
}
TypePtr ArrayOf(TypePtr element) {
  return std::make_shared<Type>(Type{.kind = Kind::kArray, .name = "", .element = std::move(element)});
}
TypePtr Record(std::vector<Attribute> attributes) {
  return std::make_shared<Type>(
      Type{.kind = Kind::kComposite, .name = "", .attributes = std::move(attributes)});
}

std::string Value(const TypePtr& type, std::string_view text, JsonOptions options = {}) {
  JsonBuffer out;
  AppendJsonValue(*type, type->kind, text, options, out);
  return out.Take();
}

// nullopt: null.
using Texts = std::vector<std::optional<std::string>>;

Rows RowsOf(std::vector<std::pair<std::string, TypePtr>> names, const std::vector<Texts>& lines) {
  auto columns = std::make_shared<Columns>();
  for (auto& [name, type] : names) columns->push_back({.name = std::move(name), .type = std::move(type)});
  Rows rows(columns);
  for (const Texts& line : lines) {
    std::string bytes;
    std::vector<Row::Slot> slots;
    for (std::size_t i = 0; i < line.size(); ++i) {
      slots.push_back({.offset = static_cast<std::uint32_t>(bytes.size()),
                       .bytes = static_cast<std::uint32_t>(line[i].value_or("").size()),
                       .kind = line[i] ? (*columns)[i].type->kind : Kind::kNull});
      bytes += line[i].value_or("");
    }
    rows.Append(Row(bytes.data(), slots));
  }
  return rows;
}

TEST(AppendJsonValue, ByKind) {
  struct Case {
    Kind kind;
    const char* text;
    const char* json;
  };
  const Case cases[] = {
      {Kind::kBoolean, "t", "true"},
      {Kind::kBoolean, "f", "false"},
      {Kind::kInteger, "-9223372036854775808", "-9223372036854775808"},
      {Kind::kFloat, "1e+20", "1e+20"},
      {Kind::kFloat, "-0", "-0"},
      {Kind::kFloat, "0.1", "0.1"},
      {Kind::kFloat, "NaN", "\"NaN\""},
      {Kind::kFloat, "Infinity", "\"Infinity\""},
      {Kind::kFloat, "-Infinity", "\"-Infinity\""},
      {Kind::kNumeric, "123456789012345678901234567890.000010", "123456789012345678901234567890.000010"},
      {Kind::kNumeric, "NaN", "\"NaN\""},
      {Kind::kText, "a\"b\\c\n\x01", R"("a\"b\\c\n\u0001")"},
      {Kind::kText, "", "\"\""},
      {Kind::kBytes, "hi", "\"aGk=\""},
      {Kind::kBytes, "", "\"\""},
      {Kind::kJson, R"({"a": [1, null]})", R"({"a": [1, null]})"},
      {Kind::kJson, "{\n}", "{\n}"},
      {Kind::kDate, "2026-11-27", "\"2026-11-27\""},
      {Kind::kDate, "infinity", "\"infinity\""},
      {Kind::kDate, "0044-03-15 BC", "\"0044-03-15 BC\""},
      {Kind::kTimestamp, "2026-11-27 10:00:00.5", "\"2026-11-27T10:00:00.5\""},
      {Kind::kTimestamp, "-infinity", "\"-infinity\""},
      {Kind::kTimestamp, "0044-03-15 12:00:00 BC", "\"0044-03-15T12:00:00 BC\""},
      {Kind::kTimestampTz, "2026-11-27 10:00:00.5+00", "\"2026-11-27T10:00:00.5Z\""},
      {Kind::kTimestampTz, "2026-11-27 10:00:00+02", "\"2026-11-27T10:00:00+02:00\""},
      {Kind::kTimestampTz, "2026-11-27 10:00:00-05:30", "\"2026-11-27T10:00:00-05:30\""},
      {Kind::kTimestampTz, "0044-03-15 12:00:00+00 BC", "\"0044-03-15T12:00:00Z BC\""},
      {Kind::kTimestampTz, "infinity", "\"infinity\""},
      {Kind::kUuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""},
      {Kind::kEnum, "shipped", "\"shipped\""},
      {Kind::kNull, "", "null"},
  };
  for (const Case& c : cases) EXPECT_EQ(Value(Of(c.kind), c.text), c.json) << c.text;
}

TEST(AppendJsonValue, IntegersOf64BitsMayBeTexts) {
  const JsonOptions texts{.integers64 = Integers64::kText};
  EXPECT_EQ(Value(Of(Kind::kInteger, 20), "9007199254740993", texts), "\"9007199254740993\"");
  EXPECT_EQ(Value(Of(Kind::kInteger, 0), "1", texts), "\"1\"") << "SQLite's all are";
  EXPECT_EQ(Value(Of(Kind::kInteger, 23), "1", texts), "1");
  EXPECT_EQ(Value(ArrayOf(Of(Kind::kInteger, 20)), "{1,NULL}", texts), "[\"1\",null]");
}

TEST(AppendJsonValue, Arrays) {
  struct Case {
    TypePtr element;
    const char* text;
    const char* json;
  };
  const TypePtr point =
      Record({{.name = "x", .type = Of(Kind::kInteger)}, {.name = "tag", .type = Of(Kind::kText)}});
  const Case cases[] = {
      {Of(Kind::kInteger), "{}", "[]"},
      {Of(Kind::kInteger), "{1,NULL,-3}", "[1,null,-3]"},
      {Of(Kind::kInteger), "{{1,2},{3,4}}", "[[1,2],[3,4]]"},
      {Of(Kind::kInteger), "[2:3]={5,6}", "[5,6]"},
      {Of(Kind::kText), R"({"a,b","say \"hi\"",NULL,"NULL",""})", R"(["a,b","say \"hi\"",null,"NULL",""])"},
      {Of(Kind::kBoolean), "{t,f,NULL}", "[true,false,null]"},
      {Of(Kind::kFloat), "{1.5,NaN,-Infinity}", R"([1.5,"NaN","-Infinity"])"},
      {Of(Kind::kTimestampTz), R"({"2026-11-27 10:00:00+00"})", R"(["2026-11-27T10:00:00Z"])"},
      {Of(Kind::kJson), R"({"{\"a\": [1]}",null})", R"([{"a": [1]},null])"},
      {Of(Kind::kBytes), R"({"\\x6869","\\x"})", R"(["aGk=",""])"},
      {point, R"x({"(1,a)","(2,\"b \"\"c\"\"\")",NULL})x",
       R"x([{"x":1,"tag":"a"},{"x":2,"tag":"b \"c\""},null])x"},
      {Of(Kind::kText, 603), "{(1,1),(0,0);(3,3),(2,2)}", R"x(["(1,1),(0,0)","(3,3),(2,2)"])x"},
      {Of(Kind::kInteger), "1 2 3", "\"1 2 3\""},
      {Of(Kind::kInteger), "{1,", "\"{1,\""},
      {Of(Kind::kInteger), "{01,x,-}", R"(["01","x","-"])"},
  };
  for (const Case& c : cases) EXPECT_EQ(Value(ArrayOf(c.element), c.text), c.json) << c.text;
}

TEST(AppendJsonValue, Composites) {
  const TypePtr inner = Record({{.name = "n", .type = ArrayOf(Of(Kind::kInteger))}});
  const TypePtr type = Record({{.name = "id", .type = Of(Kind::kInteger)},
                               {.name = "a \"name\"", .type = Of(Kind::kText)},
                               {.name = "inner", .type = inner}});
  EXPECT_EQ(Value(type, R"x((1,"x, y","(""{2,3}"")"))x"),
            R"({"id":1,"a \"name\"":"x, y","inner":{"n":[2,3]}})");
  EXPECT_EQ(Value(type, "(,,)"), R"({"id":null,"a \"name\"":null,"inner":null})");
  EXPECT_EQ(Value(type, "(1,2)"), "\"(1,2)\"") << "too few";
  EXPECT_EQ(Value(type, "(1,2,(3),4)"), "\"(1,2,(3),4)\"");
  EXPECT_EQ(Value(type, "(1,2,,4)"), "\"(1,2,,4)\"") << "too many";
  EXPECT_EQ(Value(Record({}), "(1,a)"), "\"(1,a)\"") << "its attributes are not known";
}

TEST(JsonBuffer, WritesTextAsTheJsonWriterDoes) {
  std::mt19937 random(3);
  const std::string_view pieces[] = {
      "a",       "plain text ", "\"",     "\\",     "\n",   "\x01", "\x7f",     "é",
      "日本",    "🎈",          "\u2028", "\u2029", "\xff", "\xc3", "\xe2\x80", "0123456789abcdef",
      "\t\r\b\f"};
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    for (auto count = random() % 12; count > 0; --count) text += pieces[random() % std::size(pieces)];
    std::string expected;
    AppendJsonString(text, expected);
    JsonBuffer out;
    out.Text(text);
    ASSERT_EQ(out.Take(), expected);
  }
}

TEST(JsonBuffer, CopiesEveryLength) {
  const std::string bytes = "0123456789abcdefghijklmnopqrstuvwxyz";
  for (std::size_t n = 0; n <= bytes.size(); ++n) {
    JsonBuffer out;
    out.Raw(std::string_view(bytes).substr(0, n));
    out.Quoted(std::string_view(bytes).substr(0, n));
    EXPECT_EQ(out.Take(), bytes.substr(0, n) + "\"" + bytes.substr(0, n) + "\"");
  }
}

TEST(JsonRows, Shapes) {
  const Rows rows = RowsOf({{"id", Of(Kind::kInteger)}, {"na\"me", Of(Kind::kText)}, {"j", Of(Kind::kJson)}},
                           {{"1", "Ann", "{\n\"a\":1}"}, {"2", std::nullopt, "[]"}});
  EXPECT_EQ(ToJson(rows, JsonShape::kArray),
            "[{\"id\":1,\"na\\\"me\":\"Ann\",\"j\":{\n\"a\":1}},{\"id\":2,\"na\\\"me\":null,\"j\":[]}]");
  EXPECT_EQ(ToJson(rows, JsonShape::kLines),
            "{\"id\":1,\"na\\\"me\":\"Ann\",\"j\":{ \"a\":1}}\n{\"id\":2,\"na\\\"me\":null,\"j\":[]}\n");
  EXPECT_EQ(ToJson(rows, JsonShape::kObject), "{\"id\":1,\"na\\\"me\":\"Ann\",\"j\":{\n\"a\":1}}");
  const Rows none = RowsOf({{"id", Of(Kind::kInteger)}}, {});
  EXPECT_EQ(ToJson(none, JsonShape::kArray), "[]");
  EXPECT_EQ(ToJson(none, JsonShape::kLines), "");
  EXPECT_EQ(ToJson(none, JsonShape::kObject), "null");
  EXPECT_EQ(ToJson(RowsOf({}, {{}, {}}), JsonShape::kArray), "[{},{}]");
}

TEST(JsonRows, InPieces) {
  const Rows rows = RowsOf({{"n", Of(Kind::kInteger)}}, {{"1"}, {"2"}, {"3"}});
  JsonRows json(JsonShape::kArray);
  json.OnColumns(std::make_shared<Columns>(rows.columns()));
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    json.OnRow(rows[i]);
    EXPECT_GT(json.bytes(), 0u);
    text += json.Take();
    EXPECT_EQ(json.bytes(), 0u);
  }
  EXPECT_EQ(text + json.Finish(), R"([{"n":1},{"n":2},{"n":3}])");
  EXPECT_EQ(json.rows(), 3u);
}

TEST(JsonRows, APlanIsUsedAgainForTheSameColumns) {
  const auto columns = std::make_shared<const Columns>(RowsOf({{"n", Of(Kind::kInteger)}}, {}).columns());
  const std::string bytes = "7";
  const Row::Slot slot{.offset = 0, .bytes = 1, .kind = Kind::kInteger};
  JsonRows first(JsonShape::kObject);
  EXPECT_EQ(first.plan(), nullptr);
  for (int run = 0; run < 2; ++run) {
    first.OnColumns(columns);
    first.OnRow(Row(bytes.data(), std::span(&slot, 1)));
    EXPECT_EQ(first.Finish(), R"({"n":7})");
    EXPECT_EQ(first.rows(), 1u);
  }
  EXPECT_EQ(first.Finish(), "null") << "a run without rows";
  JsonRows second(JsonShape::kArray, Integers64::kNumber, first.plan());
  second.OnColumns(columns);
  EXPECT_EQ(second.plan(), first.plan());
  second.OnRow(Row(bytes.data(), std::span(&slot, 1)));
  EXPECT_EQ(second.Finish(), R"([{"n":7}])");
  second.OnColumns(std::make_shared<const Columns>(RowsOf({{"m", Of(Kind::kInteger)}}, {}).columns()));
  EXPECT_NE(second.plan(), first.plan());
  second.OnRow(Row(bytes.data(), std::span(&slot, 1)));
  EXPECT_EQ(second.Finish(), R"([{"m":7}])");
}

// SQLite's values have kinds of their own, whatever the column declares.
TEST(JsonRows, AValueIsOfItsOwnKind) {
  const Rows declared = RowsOf({{"v", Of(Kind::kText, 0)}}, {});
  JsonRows json(JsonShape::kArray);
  json.OnColumns(std::make_shared<Columns>(declared.columns()));
  const std::string bytes = "7.5hi";
  const Row::Slot slots[] = {{.offset = 0, .bytes = 1, .kind = Kind::kInteger},
                             {.offset = 0, .bytes = 3, .kind = Kind::kFloat},
                             {.offset = 3, .bytes = 2, .kind = Kind::kBytes},
                             {.offset = 3, .bytes = 2, .kind = Kind::kText},
                             {.offset = 0, .bytes = 0, .kind = Kind::kNull}};
  for (const Row::Slot& slot : slots) json.OnRow(Row(bytes.data(), std::span(&slot, 1)));
  EXPECT_EQ(json.Finish(), R"([{"v":7},{"v":7.5},{"v":"aGk="},{"v":"hi"},{"v":null}])");
}

}  // namespace
}  // namespace tidemill::sql
