#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "base/utf8.h"

namespace tidemill {
namespace {

TEST(JsonReader, ReadsAnObjectInOrder) {
  JsonReader json(
      R"( {"name":"x\ny", "on":true, "limit":-3, "ratio":2.5e1, "list":["a","b"], "last":null} )");
  std::string name;
  bool on = false;
  int limit = 0;
  double ratio = 0;
  std::vector<std::string> list;
  bool null = false;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "name") name = json.ReadString();
    if (*key == "on") on = json.ReadBool();
    if (*key == "limit") limit = json.ReadInteger<int>();
    if (*key == "ratio") ratio = json.ReadDouble();
    if (*key == "last") null = json.SkipNull();
    if (*key == "list") {
      json.EnterArray();
      while (json.NextElement()) list.push_back(json.ReadString());
    }
  }
  EXPECT_TRUE(json.Finish().has_value());
  EXPECT_EQ(name, "x\ny");
  EXPECT_TRUE(on);
  EXPECT_EQ(limit, -3);
  EXPECT_EQ(ratio, 25);
  EXPECT_EQ(list, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(null);
}

TEST(JsonReader, SkipsAndChecksWhatIsNotRead) {
  JsonReader json(R"({"skip":{"a":[1,{"b":2}]},"x":1,"tail":[[],{}]})");
  int x = 0;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "x") x = json.ReadInteger<int>();
  }
  EXPECT_TRUE(json.Finish().has_value());
  EXPECT_EQ(x, 1);

  EXPECT_FALSE(JsonReader(R"({"skip":{"a":[1,{"b":02}]}})").Finish().has_value());
}

TEST(JsonReader, FinishChecksTheRestOfWhatWasLeftEarly) {
  JsonReader good(R"({"a":[1,2,{"b":[3]}],"c":4})");
  good.EnterObject();
  good.NextKey();
  good.EnterArray();
  good.NextElement();
  EXPECT_EQ(good.ReadInteger<int>(), 1);
  EXPECT_TRUE(good.Finish().has_value());

  JsonReader bad(R"({"a":[1,2,{"b":[3]}],"c":})");
  bad.EnterObject();
  bad.NextKey();
  bad.EnterArray();
  bad.NextElement();
  EXPECT_FALSE(bad.Finish().has_value());
}

TEST(JsonReader, GivesRawValuesAsViewsOfTheInput) {
  const std::string text = R"({"a": [1, {"b" : "\u00e9"}]  , "c":"\"" ,"d" :-1.5e3})";
  JsonReader json(text);
  std::map<std::string, std::string, std::less<>> raw;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    const std::string name(*key);
    const std::string_view value = json.ReadRaw();
    EXPECT_GE(value.data(), text.data());
    EXPECT_LE(value.data() + value.size(), text.data() + text.size());
    raw[name] = value;
  }
  ASSERT_TRUE(json.Finish().has_value());
  EXPECT_EQ(raw["a"], R"([1, {"b" : "\u00e9"}])");
  EXPECT_EQ(raw["c"], R"("\"")");
  EXPECT_EQ(raw["d"], "-1.5e3");
}

TEST(JsonReader, DecodesStrings) {
  struct Case {
    const char* text;
    std::string_view want;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {R"("")", ""},
      {R"("plain and long enough for blocks")", "plain and long enough for blocks"},
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("a\u0000b")", "a\0b"sv},
      {R"("\u00e9\u20AC\ud834\udd1E")", "é€𝄞"},
      {R"("é€𝄞")", "é€𝄞"},
      {R"("x\u0041\\u0041")", "xA\\u0041"},
      {R"("\uffff")", "\uffff"},
      {R"("\udbff\udfff.")", "\U0010ffff."},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    JsonReader json(c.text);
    EXPECT_EQ(json.ReadString(), c.want);
    EXPECT_TRUE(json.Finish().has_value());
  }
}

TEST(JsonReader, RefusesLoneSurrogatesOnlyInStringsItDecodes) {
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud800x")", R"("\ud800\n")",
                           R"("\udc00\ud800")", R"("\ud800\u0041")"}) {
    SCOPED_TRACE(text);
    JsonReader decoded(text);
    EXPECT_EQ(decoded.ReadString(), "");
    EXPECT_FALSE(decoded.Finish().has_value());
    JsonReader raw(text);
    EXPECT_EQ(raw.ReadRaw(), text);
    EXPECT_TRUE(raw.Finish().has_value());
  }
  JsonReader key(R"({"\ud800":1})");
  key.EnterObject();
  EXPECT_FALSE(key.NextKey().has_value());
  EXPECT_FALSE(key.Finish().has_value());
}

TEST(JsonReader, DecodesKeysAndKeepsThemApartFromTheInput) {
  JsonReader json(R"({"\u0061b":{"\u0063":1},"plain":2})");
  json.EnterObject();
  EXPECT_EQ(json.NextKey(), "ab");
  json.EnterObject();
  EXPECT_EQ(json.NextKey(), "c");
  EXPECT_FALSE(json.NextKey().has_value());
  EXPECT_EQ(json.NextKey(), "plain");
  EXPECT_FALSE(json.NextKey().has_value());
  EXPECT_TRUE(json.Finish().has_value());
}

TEST(JsonReader, LastOfDuplicateKeysWins) {
  JsonReader json(R"({"a":1,"a":2})");
  int a = 0;
  json.EnterObject();
  while (const auto key = json.NextKey()) a = json.ReadInteger<int>();
  EXPECT_TRUE(json.Finish().has_value());
  EXPECT_EQ(a, 2);
}

template <class T>
std::optional<T> IntegerOf(std::string_view text) {
  JsonReader json(text);
  const T value = json.ReadInteger<T>();
  if (!json.Finish()) return std::nullopt;
  return value;
}

TEST(JsonReader, ReadsIntegersInTheirRangeOnly) {
  EXPECT_EQ(IntegerOf<std::uint32_t>("4294967295"), 4294967295u);
  EXPECT_EQ(IntegerOf<std::uint32_t>("4294967296"), std::nullopt);
  EXPECT_EQ(IntegerOf<std::uint32_t>("-1"), std::nullopt);
  EXPECT_EQ(IntegerOf<std::int32_t>("-2147483648"), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(IntegerOf<std::int32_t>("2147483648"), std::nullopt);
  EXPECT_EQ(IntegerOf<std::int32_t>("-0"), 0);
  EXPECT_EQ(IntegerOf<std::uint64_t>("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(IntegerOf<std::uint64_t>("18446744073709551616"), std::nullopt);
  EXPECT_EQ(IntegerOf<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* text : {"1.0", "1e2", "\"1\"", "true", "null", "[]", "", "0x1", "01"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(IntegerOf<int>(text), std::nullopt);
  }
}

TEST(JsonReader, ReadsDoublesInTheirRangeOnly) {
  struct Case {
    const char* text;
    std::optional<double> want;
  };
  const Case cases[] = {{"0", 0.0},         {"-2.5", -2.5}, {"1e3", 1000.0},
                        {"1e308", 1e308},   {"1e309", {}},  {"-1e999999999999", {}},
                        {"5e-324", 5e-324}, {"0.1", 0.1},   {"\"1\"", {}},
                        {"1.", {}}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    JsonReader json(c.text);
    const double value = json.ReadDouble();
    const bool ok = json.Finish().has_value();
    ASSERT_EQ(ok, c.want.has_value());
    if (c.want) {
      EXPECT_EQ(value, *c.want);
    }
  }
}

TEST(JsonReader, PeeksAtKinds) {
  using Kind = JsonReader::Kind;
  struct Case {
    const char* text;
    Kind want;
  };
  const Case cases[] = {{" null", Kind::kNull}, {"true", Kind::kBool},  {"false", Kind::kBool},
                        {"-1", Kind::kNumber},  {"7", Kind::kNumber},   {"\"\"", Kind::kString},
                        {"[", Kind::kArray},    {"\n{", Kind::kObject}, {"", Kind::kNone},
                        {"x", Kind::kNone},     {"]", Kind::kNone}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(JsonReader(c.text).Peek(), c.want);
  }
}

TEST(JsonReader, WrongTypesAreErrors) {
  const auto fails = [](const char* text, auto read) {
    JsonReader json(text);
    read(json);
    return !json.Finish().has_value();
  };
  EXPECT_TRUE(fails("1", [](JsonReader& json) { json.ReadString(); }));
  EXPECT_TRUE(fails("null", [](JsonReader& json) { json.ReadString(); }));
  EXPECT_TRUE(fails("\"true\"", [](JsonReader& json) { json.ReadBool(); }));
  EXPECT_TRUE(fails("0", [](JsonReader& json) { json.ReadBool(); }));
  EXPECT_TRUE(fails("[]", [](JsonReader& json) { json.EnterObject(); }));
  EXPECT_TRUE(fails("{}", [](JsonReader& json) { json.EnterArray(); }));
  EXPECT_TRUE(fails("null", [](JsonReader& json) { json.EnterObject(); }));
  EXPECT_TRUE(fails("nul", [](JsonReader& json) { json.SkipNull(); }));
  EXPECT_FALSE(fails("1", [](JsonReader& json) { EXPECT_FALSE(json.SkipNull()); }));
}

TEST(JsonReader, TheFirstErrorSticksAndSaysWhere) {
  JsonReader json(R"({"a":1,"b":"x","c":[}],"d":2})");
  int keys = 0;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    ++keys;
    if (*key == "b") json.ReadInteger<int>();
  }
  EXPECT_EQ(keys, 2);
  EXPECT_FALSE(json.ok());
  EXPECT_EQ(json.ReadString(), "");
  EXPECT_EQ(json.ReadRaw(), "");
  EXPECT_FALSE(json.NextElement());
  EXPECT_EQ(json.Peek(), JsonReader::Kind::kNone);
  json.Fail("something later");
  const Result<> result = json.Finish();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error(), (Error{Errc::kInvalidArgument, "byte 11: expected an integer"}));
}

TEST(JsonReader, LetsTheCallerRefuse) {
  JsonReader json(R"({"a":1})");
  json.EnterObject();
  json.NextKey();
  if (json.ReadInteger<int>() == 1) json.Fail("a must not be 1");
  EXPECT_EQ(json.Finish().error().detail, "byte 6: a must not be 1");
}

TEST(AppendJsonString, Escapes) {
  struct Case {
    std::string_view text;
    std::string_view want;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"", R"("")"},
      {"plain <b>&", R"("plain <b>&")"},
      {"\"\\/", R"("\"\\/")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {"\0\x1f\x7f"sv, "\"\\u0000\\u001f\x7f\""},
      {"é€𝄞", "\"é€𝄞\""},
      {"a\u2028b\u2029c\u202a", "\"a\\u2028b\\u2029c\u202a\""},
      {"a\xff"
       "b\xe2\x82",
       "\"a\uFFFD"
       "b\uFFFD\uFFFD\""},
      {"\xed\xa0\x80", "\"\uFFFD\uFFFD\uFFFD\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    std::string out = "x";
    AppendJsonString(c.text, out);
    EXPECT_EQ(out.substr(1), c.want);
  }
}

TEST(AppendJsonString, ReadsBackTheSameForEveryByteAndCodePoint) {
  for (char32_t code_point = 0; code_point <= 0x10ffff; code_point += code_point < 0x3000 ? 1 : 97) {
    if (code_point >= 0xd800 && code_point <= 0xdfff) continue;
    std::string text;
    AppendUtf8(code_point, text);
    std::string quoted;
    AppendJsonString(text, quoted);
    JsonReader json(quoted);
    ASSERT_EQ(json.ReadString(), text) << static_cast<std::uint32_t>(code_point);
    ASSERT_TRUE(json.Finish().has_value());
  }
}

TEST(JsonWriter, PutsCommas) {
  std::string out = "before\n";
  JsonWriter json(out);
  json.BeginObject();
  json.Member("text", "a,b:[{");
  json.Member("yes", true);
  json.Member("int", -5);
  json.Member("big", std::uint64_t{18446744073709551615u});
  json.Member("real", 0.1);
  json.RawMember("raw", R"({"x": 1})");
  json.RawMember("none", "");
  json.Key("list");
  json.BeginArray();
  json.Integer(1);
  json.String("[");
  json.BeginArray();
  json.EndArray();
  json.BeginObject();
  json.EndObject();
  json.Null();
  json.Double(std::nan(""));
  json.Double(std::numeric_limits<double>::infinity());
  json.EndArray();
  json.DynamicKey("k\"\n");
  json.Bool(false);
  json.EndObject();
  EXPECT_EQ(out,
            "before\n"
            R"({"text":"a,b:[{","yes":true,"int":-5,"big":18446744073709551615,"real":0.1,"raw":{"x": 1},)"
            R"("none":null,"list":[1,"[",[],{},null,null,null],"k\"\n":false})");
  EXPECT_TRUE(JsonReader(std::string_view(out).substr(7)).Finish().has_value());
}

TEST(JsonWriter, WritesNumbersThatReadBack) {
  for (const double value : {0.0, -0.5, 1e300, 5e-324, 1.0 / 3, 123456789.123}) {
    std::string out;
    JsonWriter(out).Double(value);
    JsonReader json(out);
    EXPECT_EQ(json.ReadDouble(), value) << out;
    EXPECT_TRUE(json.Finish().has_value());
  }
  std::string out;
  AppendSigned(std::numeric_limits<std::int64_t>::min(), out);
  out += ' ';
  AppendUnsigned(std::numeric_limits<std::uint64_t>::max(), out);
  EXPECT_EQ(out, "-9223372036854775808 18446744073709551615");
}

TEST(IsJson, ChecksOneWholeValue) {
  EXPECT_TRUE(IsJson("{}"));
  EXPECT_TRUE(IsJson(" 1 "));
  EXPECT_TRUE(IsJson(R"("\ud800")"));
  EXPECT_FALSE(IsJson(""));
  EXPECT_FALSE(IsJson("{} {}"));
  EXPECT_FALSE(IsJson("\"\xff\""));
  EXPECT_TRUE(IsJsonObject(" {\"a\":[]}\n"));
  EXPECT_FALSE(IsJsonObject("[]"));
  EXPECT_FALSE(IsJsonObject("{"));
  EXPECT_FALSE(IsJsonObject(""));
}

}  // namespace
}  // namespace tidemill
