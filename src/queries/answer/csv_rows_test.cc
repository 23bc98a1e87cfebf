#include "queries/answer/csv_rows.h"

#include <gtest/gtest.h>

#include <string>

#include "queries/answer/testing/given_rows.h"
#include "queries/values/testing/described.h"

namespace tidemill::queries {
namespace {

using testing::TypeOf;

// RFC 4180, section 2.
TEST(CsvRows, ValuesAreWrittenAsTheStandardHasThem) {
  struct Case {
    const char* name;
    const char* type;
    std::optional<std::string> value;
    std::string written;
  };
  const Case cases[] = {
      {"null", "text", std::nullopt, ""},
      {"empty", "text", "", "\"\""},
      {"plain", "text", "it's", "it's"},
      {"comma", "text", "a,b", "\"a,b\""},
      {"quote", "text", "say \"a\"", "\"say \"\"a\"\"\""},
      {"lines", "text", "a\r\nb", "\"a\r\nb\""},
      {"blanks", "text", " a", "\" a\""},
      {"beyond ASCII", "text", "né", "né"},
      {"integer", "int8", "9007199254740993", "9007199254740993"},
      {"numeric", "numeric", "1.50", "1.50"},
      {"not a number", "float8", "NaN", "NaN"},
      {"true", "bool", "t", "true"},
      {"false", "bool", "f", "false"},
      {"bytes", "bytea", std::string("\0\xff", 2), "AP8="},
      {"time", "timestamptz", "2026-11-27 10:00:00+00", "2026-11-27T10:00:00Z"},
      {"json", "json", R"({"a":[1]})", R"("{""a"":[1]}")"},
      {"array", "int4[]", "{1,NULL}", "\"[1,null]\""},
      {"texts", "text[]", "{a}", R"("[""a""]")"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    CsvRows csv;
    testing::Give(testing::RowsOf(testing::ColumnsOf({{"a,b", TypeOf(c.type)}, {"n", TypeOf("int4")}}),
                                  {{c.value, "1"}}),
                  csv);
    EXPECT_EQ(csv.Take(), "\"a,b\",n\r\n" + c.written + ",1\r\n");
    EXPECT_EQ(csv.rows(), 1u);
    EXPECT_EQ(csv.bytes(), 0u);
  }
}

}  // namespace
}  // namespace tidemill::queries
