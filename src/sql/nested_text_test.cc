#include "sql/nested_text.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::sql {
namespace {

// "{ 'a' NULL }", "!" where it is malformed.
std::string Transcript(std::string_view text, char delimiter = ',') {
  ArrayText array(text, delimiter);
  std::string events;
  for (;;) {
    switch (array.Next()) {
      case ArrayText::Event::kOpen: events += '{'; break;
      case ArrayText::Event::kClose: events += '}'; break;
      case ArrayText::Event::kElement: events += "<" + std::string(array.element()) + ">"; break;
      case ArrayText::Event::kNull: events += '~'; break;
      case ArrayText::Event::kEnd: return events;
      case ArrayText::Event::kMalformed: return events + "!";
    }
  }
}

std::string RecordTranscript(std::string_view text) {
  RecordText record(text);
  std::string events;
  for (;;) {
    switch (record.Next()) {
      case RecordText::Event::kField: events += "<" + std::string(record.field()) + ">"; break;
      case RecordText::Event::kNull: events += '~'; break;
      case RecordText::Event::kEnd: return events;
      case RecordText::Event::kMalformed: return events + "!";
    }
  }
}

TEST(ArrayText, ReadsWhatPostgresWrites) {
  struct Case {
    const char* text;
    const char* events;
  };
  const Case cases[] = {
      {"{}", "{}"},
      {"{1}", "{<1>}"},
      {"{1,-2,NULL}", "{<1><-2>~}"},
      {R"({"NULL","",NULL,"null"})", "{<NULL><>~<null>}"},
      {R"({"a,b","c}d","{"})", "{<a,b><c}d><{>}"},
      {R"({"say \"hi\"","back\\slash","\\\"","a b"})", R"({<say "hi"><back\slash><\"><a b>})"},
      {"{{1,2},{3,4}}", "{{<1><2>}{<3><4>}}"},
      {"{{{1}},{{2}}}", "{{{<1>}}{{<2>}}}"},
      {"[2:3]={1,2}", "{<1><2>}"},
      {"[0:1][-5:-4]={{1,2},{3,NULL}}", "{{<1><2>}{<3>~}}"},
      {"{ä,日本}", "{<ä><日本>}"},
      {"{[1],(2),a=b}", "{<[1]><(2)><a=b>}"},
      {"{\"line\nbreak\"}", "{<line\nbreak>}"},
      {"{{{{{{1}}}}}}", "{{{{{{<1>}}}}}}"},
  };
  for (const Case& c : cases) EXPECT_EQ(Transcript(c.text), c.events) << c.text;
  EXPECT_EQ(Transcript("{(1,1),(0,0);(3,3),(2,2)}", ';'), "{<(1,1),(0,0)><(3,3),(2,2)>}");
}

TEST(ArrayText, RefusesEverythingElse) {
  const char* const texts[] = {
      "",         "{",        "}",
      "1",        "{1",       "{1}}",
      "{1}x",     "{,}",      "{1,}",
      "{,1}",     "{1,,2}",   "{1 2}",
      "{\"a\"b}", "{\"a",     "{\"\\",
      "{a\"b\"}", "{{1},}",   "{{1}{2}}",
      "{}{}",     "{1},",     "[1:2]",
      "[1]={1}",  "[1:2={1",  "[a:b]={1}",
      "={1}",     "{{1},{2}", "{{{{{{{1}}}}}}}",
      " {1}",     "{1} ",     "{a\\,b}",
      "1 2 3",
  };
  for (const char* text : texts) EXPECT_TRUE(Transcript(text).ends_with('!')) << text;
}

TEST(ArrayText, AMalformedOneStaysSo) {
  ArrayText array("{1,,2}");
  array.Next();
  array.Next();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(array.Next(), ArrayText::Event::kMalformed);
}

TEST(RecordText, ReadsWhatPostgresWrites) {
  struct Case {
    const char* text;
    const char* events;
  };
  const Case cases[] = {
      {"()", "~"},
      {"(1)", "<1>"},
      {"(1,,\"\")", "<1>~<>"},
      {"(,)", "~~"},
      {R"x(("a ""b""","c\\d",e))x", R"(<a "b"><c\d><e>)"},
      {R"x(("(1,2)","{3,4}"))x", "<(1,2)><{3,4}>"},
      {R"x(("{""x y"",NULL}"))x", R"(<{"x y",NULL}>)"},
      {R"((null,NULL))", "<null><NULL>"},
      {"(\"line\nbreak\",[1:2])", "<line\nbreak><[1:2]>"},
  };
  for (const Case& c : cases) EXPECT_EQ(RecordTranscript(c.text), c.events) << c.text;
}

TEST(RecordText, RefusesEverythingElse) {
  for (const char* text : {"", "(", ")", "1", "(1", "(1)x", "(1))", "(\"a)", "(\"a\"b)", "(a\"b\")", "(a\\b)",
                           "(\"\\x\")", "(()", "(1),"}) {
    EXPECT_TRUE(RecordTranscript(text).ends_with('!')) << text;
  }
}

}  // namespace
}  // namespace tidemill::sql
