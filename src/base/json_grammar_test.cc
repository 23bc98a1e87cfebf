// What is JSON and what is not, in the categories of the public JSON parsing test suites.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json.h"

namespace tidemill {
namespace {

using namespace std::string_literals;

bool Accepts(const std::string& text) { return JsonReader(text).Finish().has_value(); }

std::string Nested(std::size_t levels, char open, char close) {
  return std::string(levels, open) + std::string(levels, close);
}

TEST(JsonGrammar, AcceptsValuesWithBlanksAround) {
  const std::vector<std::string> cases = {
      // Structure
      "{}", "[]", "[[]   ]", "[null, 1, \"1\", {}]", "[\"\"]", "{\"a\":[]}", "{\"\":0}",
      "{\"a\":\"b\",\"a\":\"c\"}", "{\"a\":\"b\",\"a\":\"b\"}", "{\"min\":-1.0e+28,\"max\":1.0e+28}",
      "{\"a\":{\"b\":{\"c\":[{}]}}}", "[[[[[[[[[[]]]]]]]]]]", "[1,null,null,null,2]",
      "{\"foo\\u0000bar\":42}", "{\"a\":\n1\n}",
      // Blanks
      " []", "[] ", "\t[\n1\r,\t2 ]\r\n", " { \"a\" : 1 , \"b\" : 2 } ", "[4 ]", "[\"a\"]\n",
      // Scalars at the top
      "42", "-0.1", "null", "true", "false", "\"asd\"", "\" \"", "\"\"", "0"};
  for (const std::string& text : cases) {
    SCOPED_TRACE(text);
    EXPECT_TRUE(Accepts(text));
  }
}

TEST(JsonGrammar, AcceptsNumbers) {
  const std::vector<std::string> cases = {"[0]",
                                          "[-0]",
                                          "[0.0]",
                                          "[0e1]",
                                          "[0e+1]",
                                          "[20e1]",
                                          "[-1]",
                                          "[-123]",
                                          "[1E22]",
                                          "[1E-2]",
                                          "[1E+2]",
                                          "[123e45]",
                                          "[123.456e78]",
                                          "[1e-2]",
                                          "[1e+2]",
                                          "[123.456789]",
                                          "[-0.0000001]",
                                          "[1e400]",
                                          "[-1e400]",
                                          "[1e-400]",
                                          "[1e99999999999999999999]",
                                          "[0.4e00669999999999999999999999999999999999999999999999]",
                                          "[-237462374673276894279832749832423479823246327846]",
                                          "[100000000000000000000]",
                                          "[1.000000000000000005]"};
  for (const std::string& text : cases) {
    SCOPED_TRACE(text);
    EXPECT_TRUE(Accepts(text));
  }
}

TEST(JsonGrammar, AcceptsStrings) {
  const std::vector<std::string> cases = {
      R"(["\"\\\/\b\f\n\r\t"])", R"(["\u0060\u012a\u12AB"])", R"(["\uD801\udc37"])",
      R"(["\ud83d\ude39\ud83d\udc8d"])", R"(["\\u0000"])", R"(["\u0000"])", R"(["\\a"])", R"(["\u002c"])",
      R"(["\uFFFF"])", R"(["\uDBFF\uDFFE"])", R"(["new\u000Aline"])", R"(["\u2028\u2029"])", "[\"\x7f\"]",
      "[\"\u00e9\"]", "[\"\u20ac\U0001d11e\"]", "[\"\u2028\u2029\"]", "[\"\uffff\"]", "[\"\U0010ffff\"]",
      "[\"a/*b*/c\"]", "[\"asd \"]", R"(["\u005C"])", R"(["\uA66D"])", "[\"\ufeff\"]", "[\"\U0001ffff\"]",
      R"({"title":"\u041f\u043e"})",
      // Lone surrogates are grammar, RFC 8259 section 8.2
      R"(["\uD800"])", R"(["\uDC00x"])", R"(["\uD800\uD800\n"])", R"(["\uDd1ea"])"};
  for (const std::string& text : cases) {
    SCOPED_TRACE(text);
    EXPECT_TRUE(Accepts(text));
  }
}

TEST(JsonGrammar, RefusesBrokenArrays) {
  const std::vector<std::string> cases = {"",
                                          " ",
                                          "\n",
                                          "[",
                                          "]",
                                          "{",
                                          "}",
                                          "[1",
                                          "[1,",
                                          "[,",
                                          "[\"\"",
                                          "[\"a",
                                          "[\"a\",\n4\n,1,",
                                          "[,1]",
                                          "[1,,2]",
                                          "[1,]",
                                          "[1,,]",
                                          "[\"\",]",
                                          "[\"x\"",
                                          "[x",
                                          "[3[4]]",
                                          "[1:2]",
                                          "[:\"\"]",
                                          "[\"x\"]]",
                                          "[1]x",
                                          "[][]",
                                          "[]{}",
                                          "[1 true]",
                                          "[a]",
                                          "[*]",
                                          "[{}",
                                          "[1}"};
  for (const std::string& text : cases) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(Accepts(text));
  }
}

TEST(JsonGrammar, RefusesBrokenObjects) {
  const std::vector<std::string> cases = {"{1:1}",
                                          "{]",
                                          "[\"a\":1]",
                                          "{\"a\"}",
                                          "{\"a\":}",
                                          "{\"a\":1,}",
                                          "{\"a\":1,,\"b\":2}",
                                          "{,\"a\":1}",
                                          "{\"a\" 1}",
                                          "{\"a\",1}",
                                          "{\"a\":1 \"b\":2}",
                                          "{a:1}",
                                          "{'a':0}",
                                          "{\"a\":0",
                                          "{\"a\":0,",
                                          "{\"a\"",
                                          "{\"a\":",
                                          "{\"a\"::1}",
                                          "{:1}",
                                          "{null:null}",
                                          "{\"a\":1}}",
                                          "{\"a\":1}#",
                                          "{\"a\":/*c*/1}",
                                          "{\"a\":1}//",
                                          "[1]/**/",
                                          "{\"a\":\"b\"}#{}",
                                          "{}}",
                                          "{\"x\", null}",
                                          "{9999E9999:1}",
                                          "{\"a\":true false}",
                                          "{\"id\":0,,,,,}",
                                          "[}",
                                          "{\"x\":1]",
                                          "<null>",
                                          "<.>",
                                          "1 2",
                                          "null null",
                                          "\"a\" \"b\"",
                                          "{} {}",
                                          "[],",
                                          ",[]"};
  for (const std::string& text : cases) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(Accepts(text));
  }
}

TEST(JsonGrammar, RefusesWhatIsNoValue) {
  const std::vector<std::string> cases = {
      "*",    "&",     "{[",     "[{\"a\":[", "#comment\n1", "[1];",       "({})", "abc",
      "True", "NULL",  "nul",    "nulll",     "tru",         "truee",      "fals", "falsee",
      "[nul", "[tru]", "[fals]", "[TRUE]",    "undefined",   "[undefined]"};
  for (const std::string& text : cases) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(Accepts(text));
  }
}

TEST(JsonGrammar, RefusesNumbersOfOtherLanguages) {
  const std::vector<std::string> cases = {
      "+1",       "01",        "-01",    "00",         "-",     "--1",
      "-+1",      "- 1",       ".1",     "-.1",        "1.",    "0.",
      "-2.",      "0.e1",      "2.e3",   "1.e-1",      "0e",    "0e+",
      "1e",       "1e-",       "1eE2",   "0.3e",       "0.3e+", "1.0e",
      "1.0e-",    "1e1.",      "1e1.5",  "0x1",        "0x",    "1_000",
      "1 000",    "1a",        "1ea",    "1+2",        "0e+-1", "++1",
      "Inf",      "-Inf",      "NaN",    "-NaN",       "nan",   "inf",
      "Infinity", "-Infinity", "-foo",   "1.2.3",

      "1e++1",    "-1x",       "12f",    "0b1",        "0o7",   "1.8011670033376514H-308",
      "\uff11",   "2.",        "1.2a-3", "-123.123foo"};
  for (const std::string& text : cases) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(Accepts(text));
    EXPECT_FALSE(Accepts("[" + text + "]"));
  }
}

TEST(JsonGrammar, RefusesBrokenStrings) {
  const std::vector<std::string> cases = {
      R"(")", R"("\)", R"("\")", R"("abc)", R"(abc")", R"('abc')", R"("\a")", R"("\x00")", R"("\'")",
      R"("\0")", R"("\u")", R"("\u1")", R"("\u12")", R"("\u123")", R"("\u123)", R"("\u00A")", R"("\u00G0")",
      R"("\u-123")", R"("\u+123")", R"("\u 123")", R"("\U0041")", R"("\uD834\)", R"("\uD834\u")",
      R"("\uD834\uDd")", R"("\uqqqq")", R"("\{"})", "\"\\\n\"", "\"\\\xf0\x9f\x8c\x80\"", "\"\\u\xe5\"",
      R"(\u0020"a")",
      // Control characters must be escaped
      "\"\t\"", "\"a\nb\"", "\"a\rb\"", "\"\x1f\"", "\"\x01\"", "\"a\0b\""s, "[\"a\0\"]"s, "\"\0"s,
      // Not UTF-8
      "\"\xff\"", "\"\x80\"", "\"\xe9\"", "\"\xc0\xaf\"", "\"\xc1\xbf\"", "\"\xe0\x80\xaf\"",
      "\"\xed\xa0\x80\"", "\"\xed\xbf\xbf\"", "\"\xf0\x80\x80\x80\"", "\"\xf4\x90\x80\x80\"",
      "\"\xf5\x80\x80\x80\"", "\"\xfc\x83\xbf\xbf\xbf\xbf\"", "\"\xe2\x82\"", "\"\xe2\x82",
      "\"\xf0\x9f\x8c\"", "\"abcdefgh\xff\"", "\"abcdefgh\xc3(\"", "{\"\xff\":1}"};
  for (const std::string& text : cases) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(Accepts(text));
  }
}

TEST(JsonGrammar, RefusesStrangeBytesOutsideStrings) {
  const std::vector<std::string> cases = {"\xef\xbb\xbf{}",  // BOM
                                          "\xef\xbb",
                                          "\xff\xfe[\0]\0"s,
                                          "\0[\0]"s,  // its pieces and UTF-16
                                          "\0"s,
                                          "{}\0"s,
                                          "[1\0]"s,
                                          "1\0"s,
                                          "[\0]"s,
                                          "\f[]",
                                          "[\v1]",
                                          "[\u00a0]",
                                          "[\u2060]",
                                          "[\x0c]",
                                          "\xc3\xa5",
                                          "[\xff]",
                                          "\u2028[]",
                                          "[]\x1a",
                                          "[1\u00a0]",
                                          "\x7f"};
  for (const std::string& text : cases) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(Accepts(text));
  }
}

TEST(JsonGrammar, RefusesMoreThan64LevelsWithoutRecursion) {
  EXPECT_TRUE(Accepts(Nested(64, '[', ']')));
  EXPECT_FALSE(Accepts(Nested(65, '[', ']')));
  EXPECT_FALSE(Accepts(std::string(100'000, '[')));
  EXPECT_FALSE(Accepts(Nested(100'000, '[', ']')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":[";
  EXPECT_FALSE(Accepts(objects));
  // Width is not depth.
  std::string wide = "[";
  for (int i = 0; i < 100'000; ++i) wide += "[],";
  EXPECT_TRUE(Accepts(wide + "[]]"));
}

// Every prefix of a valid object is refused, and none reads beyond its end (checked with AddressSanitizer,
// since each prefix has its own allocation).
TEST(JsonGrammar, RefusesEveryPrefix) {
  const std::string text = R"({"a\u00e9":[1.5e+3,-0,true,false,null,{"b":"\ud83d\ude39 x"}],)"
                           R"("long key of many bytes":"é€𝄞 plain text"})";
  ASSERT_TRUE(Accepts(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    SCOPED_TRACE(size);
    const std::vector<char> prefix(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(JsonReader(std::string_view(prefix.data(), prefix.size())).Finish().has_value());
  }
}

}  // namespace
}  // namespace tidemill
