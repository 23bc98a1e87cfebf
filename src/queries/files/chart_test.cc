// @chart: what it reads, and everything that it refuses.
#include <gtest/gtest.h>

#include <string>

#include "queries/files/testing/parsed.h"

namespace tidemill::files {
namespace {

using testing::Messages;
using testing::Parse;
using testing::ParseOne;

TEST(Chart, ReadsWhatItSays) {
  const Query query =
      ParseOne("sales.get.sql",
               "-- @chart line x=time y=value series=region title=\"Sales, \"\"live\"\"\" unit=EUR\n"
               "-- @chart bar x=region y=value, cost\n"
               "-- @chart pie x = \"The region\" y=value\n"
               "-- @chart number y=value before=cost unit='%'\n"
               "-- @chart table columns=region,value\n"
               "-- @chart table\n"
               "select 1");
  ASSERT_EQ(query.charts.size(), 6u);
  const Chart& line = query.charts[0];
  EXPECT_EQ(line.kind, ChartKind::kLine);
  EXPECT_EQ(line.x, "time");
  EXPECT_EQ(line.y, std::vector<std::string>{"value"});
  EXPECT_EQ(line.series, "region");
  EXPECT_EQ(line.title, "Sales, \"live\"");
  EXPECT_EQ(line.unit, "EUR");
  EXPECT_EQ(query.charts[1].y, (std::vector<std::string>{"value", "cost"}));
  EXPECT_EQ(query.charts[2].x, "The region");
  EXPECT_EQ(query.charts[3].before, "cost");
  EXPECT_EQ(query.charts[3].unit, "%");
  EXPECT_EQ(query.charts[4].columns, (std::vector<std::string>{"region", "value"}));
  EXPECT_TRUE(query.charts[5].columns.empty());
}

TEST(Chart, RefusesWhatItCannotDraw) {
  struct Case {
    const char* path;
    const char* tags;
    const char* message;
  };
  const Case cases[] = {
      {"a.get.sql", "-- @chart", "missing: the kind of chart"},
      {"a.get.sql", "-- @chart lines x=a y=b", "lines is no kind of chart; did you mean line?"},
      {"a.get.sql", "-- @chart donut x=a y=b", "donut is no kind of chart"},
      {"a.get.sql", "-- @chart \"line\" x=a y=b", "line is no kind of chart; did you mean line?"},
      {"a.get.sql", "-- @chart line y=b", "missing: x=COLUMN: what @chart line has along its axis"},
      {"a.get.sql", "-- @chart area x=a", "missing: y=COLUMN: the numbers that @chart area shows"},
      {"a.get.sql", "-- @chart number", "missing: y=COLUMN: the numbers that @chart number shows"},
      {"a.get.sql", "-- @chart line x= y=b", "= is not expected here"},
      {"a.get.sql", "-- @chart line x=a y=", "names are missing here"},
      {"a.get.sql", "-- @chart line x=a,b y=c", "x= is one column"},
      {"a.get.sql", "-- @chart line x=a y=b,b", "b stands twice"},
      {"a.get.sql", "-- @chart line x=a y=b y=c", "y stands twice"},
      {"a.get.sql", "-- @chart line x=a y=b z=c", "z is not expected here"},
      {"a.get.sql", "-- @chart line x=a y=b live", "live is not expected here"},
      {"a.get.sql", "-- @chart line x=a y=count(*)", "count(*) is no name"},
      {"a.get.sql", "-- @chart line x=\"\" y=b", "an empty name"},
      {"a.get.sql", "-- @chart line x=a y=b,c series=d", "series= wants one column in y="},
      {"a.get.sql", "-- @chart pie x=a y=b,c", "@chart pie has one column y="},
      {"a.get.sql", "-- @chart pie x=a y=b series=c", "series is not expected here"},
      {"a.get.sql", "-- @chart number x=a y=b", "x is not expected here"},
      {"a.get.sql", "-- @chart table x=a", "x is not expected here"},
      {"a.get.sql", "-- @chart table title=", "missing: the text of title="},
      {"a.post.sql", "-- @chart table", "@chart with POST: a page only reads"},
      {"a.get.sql", "-- @rows value\n-- @chart table", "@rows value gives one value"},
      {"a.get.sql", "-- @rows value\n-- @chart number y=a", ""},
      {"a.get.sql", "select 1\n-- @chart table\n;", "this tag stands below the beginning of its statement"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.tags);
    const std::string text =
        std::string(c.tags).contains("select") ? c.tags : std::string(c.tags) + "\nselect 1";
    EXPECT_EQ(Messages(Parse(c.path, text)), c.message);
  }
}

TEST(Chart, HasLimits) {
  const std::string long_title = "-- @chart table title=\"" + std::string(201, 'x') + "\"\nselect 1";
  EXPECT_EQ(Messages(Parse("a.get.sql", long_title)), "title= has more than 200 bytes");
  std::string nine;
  for (int i = 0; i < 9; ++i) nine += "-- @chart table\n";
  EXPECT_EQ(Messages(Parse("a.get.sql", nine + "select 1")), "more than 8 charts of a query");
}

TEST(Chart, SaysHowItIsWritten) {
  const ParsedFile file = Parse("a.get.sql", "-- Sales.\n-- @chart lines x=a y=b\nselect 1");
  const std::string shown =
      DescribeAll("a.get.sql", "-- Sales.\n-- @chart lines x=a y=b\nselect 1", file.problems);
  EXPECT_TRUE(shown.starts_with("a.get.sql:2:11: lines is no kind of chart; did you mean line?")) << shown;
  EXPECT_TRUE(shown.contains("accepted: @chart line|area|bar x=COLUMN y=COLUMNS")) << shown;
}

}  // namespace
}  // namespace tidemill::files
