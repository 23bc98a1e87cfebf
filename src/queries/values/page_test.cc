#include "queries/values/page.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "queries/values/cursor.h"
#include "queries/values/request_reader.h"
#include "queries/values/testing/described.h"

namespace tidemill::queries {
namespace {

using testing::Asking;
using testing::Described;
using testing::TypeOf;
using Text = std::string;

std::string AllOf(const Refusal& refusal) {
  std::string all;
  for (const FieldError& error : refusal.errors) all += error.ToString() + "\n";
  return all;
}

TEST(ReadSort, TakesWhatIsAllowed) {
  const std::vector<std::string> allowed = {"id", "created_at"};
  struct Case {
    std::string text;
    std::vector<SortKey> keys;
    std::string errors = "";
  };
  const std::string usage = "; it is written like id.desc, and may have id, created_at";
  const std::string words = ", with .asc or .desc, .nullsfirst or .nullslast";
  const Case cases[] = {
      {"", {}},
      {"id", {{.column = 0}}},
      {"id.asc", {{.column = 0}}},
      {"created_at.desc,id", {{.column = 1, .descending = true}, {.column = 0}}},
      {"id.desc.nullslast", {{.column = 0, .descending = true, .nulls = Nulls::kLast}}},
      {"id.nullsfirst", {{.column = 0, .nulls = Nulls::kFirst}}},
      {"name", {}, "sort: has no column \"name\"" + usage + "\n"},
      {"create_at", {}, "sort: has no column \"create_at\"; did you mean created_at?" + usage + "\n"},
      {"id,,", {{.column = 0}}, "sort: has no column \"\"" + usage + "\n"},
      {"id;drop table t", {}, "sort: has no column \"id;drop table t\"" + usage + "\n"},
      {"\"id\" desc--", {}, "sort: has no column \"\\\"id\\\" desc--\"" + usage + "\n"},
      {"id.", {{.column = 0}}},
      {"id.up", {}, "sort: has \"id.up\"" + usage + words + "\n"},
      {"id.desc.asc", {}, "sort: has \"id.desc.asc\"" + usage + words + "\n"},
      {"id.nullslast.desc", {}, "sort: has \"id.nullslast.desc\"" + usage + words + "\n"},
      {"id,id.desc", {{.column = 0}}, "sort: has id twice\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    Refusal refusal;
    EXPECT_TRUE(ReadSort(c.text, allowed, refusal) == c.keys);
    EXPECT_EQ(AllOf(refusal), c.errors);
  }
}

TEST(ReadSort, HasALimit) {
  std::vector<std::string> allowed;
  std::string text;
  for (int i = 0; i < 9; ++i) {
    allowed.push_back("c" + std::to_string(i));
    text += allowed.back() + ",";
  }
  Refusal refusal;
  EXPECT_EQ(ReadSort(text, allowed, refusal).size(), kSortKeysMax);
  EXPECT_EQ(AllOf(refusal), "sort: has more than 8 columns\n");
}

TEST(ReadRange, IsOfItems) {
  struct Case {
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<ItemRange> range;
    bool refused = false;
  };
  const Case cases[] = {
      {{}, std::nullopt},
      {{{"Range", "0-24"}}, ItemRange{.first = 0, .last = 24}},
      {{{"Range", "items=5-5"}}, ItemRange{.first = 5, .last = 5}},
      {{{"Range", "25-"}, {"Range-Unit", "items"}}, ItemRange{.first = 25}},
      {{{"Range", "0-24"}, {"Range-Unit", "bytes"}}, std::nullopt},
      {{{"Range", "bytes=0-24"}}, std::nullopt},
      {{{"Range", "-5"}}, std::nullopt},
      {{{"Range", "0-24,30-40"}}, std::nullopt},
      {{{"Range", "a-b"}}, std::nullopt},
      {{{"Range", "99999999999999999999-"}}, std::nullopt},
      {{{"Range", "24-0"}}, std::nullopt, true},
  };
  for (const Case& c : cases) {
    Asking asking{.headers = c.headers};
    SCOPED_TRACE(c.headers.empty() ? "" : c.headers[0].second);
    Refusal refusal;
    EXPECT_EQ(ReadRange(asking.Get(), refusal), c.range);
    EXPECT_EQ(!refusal.empty(), c.refused);
    if (c.refused) EXPECT_EQ(refusal.kind, RefusalKind::kRange);
  }
}

TEST(Cursor, HoldsValuesToTheLetter) {
  struct Case {
    sql::Dialect dialect;
    sql::Field field;
    sql::Parameter value;
  };
  using sql::Dialect;
  using sql::Kind;
  const Case cases[] = {
      {Dialect::kPostgres, {Kind::kInteger, "9007199254740993"}, Text("9007199254740993")},
      {Dialect::kPostgres, {Kind::kNumeric, "1.10"}, Text("1.10")},
      {Dialect::kPostgres,
       {Kind::kTimestampTz, "2026-11-27 10:00:00.123456+00"},
       Text("2026-11-27 10:00:00.123456+00")},
      {Dialect::kPostgres, {Kind::kBytes, {"\0\xff", 2}}, sql::Bytes{std::string("\0\xff", 2)}},
      {Dialect::kSqlite, {Kind::kInteger, "9007199254740993"}, std::int64_t{9007199254740993}},
      {Dialect::kSqlite, {Kind::kFloat, "0.1"}, 0.1},
      {Dialect::kSqlite, {Kind::kText, "\"'; é"}, Text("\"'; é")},
      {Dialect::kSqlite, {Kind::kText, ""}, Text("")},
      {Dialect::kSqlite, {Kind::kText, "\xff"}, Text("\xff")},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.field.text);
    const std::vector<sql::Field> fields = {c.field, {Kind::kText, "x"}};
    const std::string cursor = MakeCursor("p", fields, c.dialect);
    const auto read = ReadCursor("p", 2, cursor);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, (sql::Parameters{c.value, Text("x")}));
    // Of another endpoint, of another keyset, or cut.
    EXPECT_FALSE(ReadCursor("q", 2, cursor));
    EXPECT_FALSE(ReadCursor("p", 1, cursor));
    EXPECT_FALSE(ReadCursor("p", 3, cursor));
    for (std::size_t i = 0; i < cursor.size(); ++i) EXPECT_FALSE(ReadCursor("p", 2, cursor.substr(0, i)));
  }
}

const Described kOrders = {.columns = {{"id", TypeOf("int4")}, {"at", TypeOf("timestamptz")}}};

std::string PageOf(const RequestReader& reader, std::string query,
                   std::vector<std::pair<std::string, std::string>> headers = {}) {
  Asking asking{.query = std::move(query), .headers = std::move(headers)};
  const auto read = reader.Read(asking.Get(), "");
  if (!read) return AllOf(read.error());
  return "limit " + std::to_string(read->page->limit) + " offset " + std::to_string(read->page->offset);
}

TEST(PageRequest, ComesFromTheQueryOrARange) {
  const auto reader = RequestReader::Make(
      testing::MakeEndpoint("orders.get.sql", "-- @page limit=20 max=100\nselect 1", kOrders),
      sql::Dialect::kPostgres);
  const RequestReader& page = **reader;
  EXPECT_EQ(PageOf(page, ""), "limit 20 offset 0");
  EXPECT_EQ(PageOf(page, "limit=100&offset=7"), "limit 100 offset 7");
  EXPECT_EQ(PageOf(page, "limit=0"), "limit 0 offset 0");
  EXPECT_EQ(PageOf(page, "limit=101"), "limit: must be an integer from 0 to 100, and is \"101\"\n");
  EXPECT_EQ(PageOf(page, "limit=-1&offset=1;"),
            "limit: must be an integer from 0 to 100, and is \"-1\"\n"
            "offset: must be an integer from 0 to 1000000000000000, and is \"1;\"\n");
  EXPECT_EQ(PageOf(page, "limit=1&limit=1"), "limit: is there twice\n");
  EXPECT_EQ(PageOf(page, "cursor=x"), "cursor: is no parameter of this endpoint\n");
  EXPECT_EQ(PageOf(page, "sort=id"), "sort: is no parameter of this endpoint\n");
  EXPECT_EQ(PageOf(page, "", {{"Range", "10-14"}}), "limit 5 offset 10");
  EXPECT_EQ(PageOf(page, "", {{"Range", "10-"}}), "limit 100 offset 10");
  EXPECT_EQ(PageOf(page, "", {{"Range", "0-999"}}), "limit 100 offset 0");
  EXPECT_EQ(PageOf(page, "offset=1", {{"Range", "10-14"}}), "limit 20 offset 1");
}

TEST(PageRequest, OfAKeysetHasACursor) {
  const auto reader = RequestReader::Make(
      testing::MakeEndpoint("orders.get.sql", "-- @page keyset at,id desc limit=20 max=100\nselect 1",
                            kOrders),
      sql::Dialect::kPostgres);
  const RequestReader& page = **reader;
  EXPECT_EQ(PageOf(page, "limit=7"), "limit 7 offset 0");
  EXPECT_EQ(PageOf(page, "offset=7"), "offset: is no parameter of this endpoint\n");
  EXPECT_EQ(PageOf(page, "cursor=abc"),
            "cursor: is no cursor of this endpoint, or one of its earlier form\n");
  EXPECT_EQ(PageOf(page, "", {{"Range", "10-14"}}), "limit 20 offset 0");
  const auto missing = RequestReader::Make(
      testing::MakeEndpoint("orders.get.sql", "-- @page keyset nonsense\nselect 1", kOrders),
      sql::Dialect::kPostgres);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), "@page keyset: the statement gives no column nonsense");
}

}  // namespace
}  // namespace tidemill::queries
