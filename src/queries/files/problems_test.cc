// Everything that is refused, by name.
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "queries/files/testing/parsed.h"

namespace tidemill::files {
namespace {

using sql::Dialect;
using testing::Messages;
using testing::Parse;

struct Case {
  std::string_view path;
  std::string_view text;
  std::string_view message;  // all of them, each in its line
};

void Expect(std::span<const Case> cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.path) + ": " + std::string(c.text));
    EXPECT_EQ(Messages(Parse(c.path, c.text)), c.message);
  }
}

TEST(Problems, Tags) {
  const Case cases[] = {
      {"a.get.sql", "-- @parm x int\nselect 1", "unknown tag @parm"},
      {"a.get.sql", "-- @Rows one\nselect 1", "unknown tag @Rows"},
      {"a.get.sql", "-- @rows one\n-- @rows one\nselect 1", "@rows stands twice"},
      {"a.get.sql", "-- @rows\nselect 1", "missing: the shape"},
      {"a.get.sql", "-- @rows all\nselect 1", "all is not expected here"},
      {"a.get.sql", "-- @rows one two\nselect 1", "two is not expected here"},
      {"a.get.sql", "-- @auth\nselect 1", "missing: who may call"},
      {"a.get.sql", "-- @auth None\nselect 1", "None is not expected here"},
      {"a.get.sql", "-- @auth none role:a\nselect 1", "role:a is not expected here"},
      {"a.get.sql", "-- @auth admin\nselect 1", "admin is not expected here"},
      {"a.get.sql", "-- @auth roles:a\nselect 1", "roles:a is not expected here"},
      {"a.get.sql", "-- @auth role:a role:b\nselect 1", "role: stands twice"},
      {"a.get.sql", "-- @auth role:\nselect 1", "names are missing here"},
      {"a.get.sql", "-- @auth role:a,,b\nselect 1", "an empty name"},
      {"a.get.sql", "-- @auth claims:a,a\nselect 1", "a stands twice"},
      {"a.get.sql", "-- @page limit=0\nselect 1", "no number from 1 to 10000"},
      {"a.get.sql", "-- @page limit=many\nselect 1", "no number from 1 to 10000"},
      {"a.get.sql", "-- @page limit=\nselect 1", "no number from 1 to 10000"},
      {"a.get.sql", "-- @page size=5\nselect 1", "size is not expected here"},
      {"a.get.sql", "-- @page limit=5 limit=6\nselect 1", "limit stands twice"},
      {"a.get.sql", "-- @page limit=9 max=5\nselect 1", "limit=9 is more than max=5"},
      {"a.get.sql", "-- @page keyset\nselect 1", "missing: the columns of the keyset"},
      {"a.get.sql", "-- @page keyset a b\nselect 1", "b is not expected here"},
      {"a.get.sql", "-- @page keyset a,a\nselect 1", "a stands twice"},
      {"a.get.sql", "-- @sort\nselect 1", "missing: the columns"},
      {"a.get.sql", "-- @sort a|b;drop\nselect 1", "b;drop is no name"},
      {"a.get.sql", "-- @sort a|a\nselect 1", "a stands twice"},
      {"a.get.sql", "-- @cache\nselect 1", "missing: how long an answer is kept"},
      {"a.get.sql", "-- @cache 30\nselect 1", "no duration; write it like 250ms, 30s or 1h30m"},
      {"a.get.sql", "-- @cache 0s scope=sub\nselect 1", "0s is not between 1s and 720h"},
      {"a.get.sql", "-- @cache 30s scope=sub ttl=5\nselect 1", "ttl is not expected here"},
      {"a.get.sql", "-- @cache 30s scope=sub,public\nselect 1", "public stands alone"},
      {"a.get.sql", "-- @cache 30s scope=sub scope=org\nselect 1", "scope stands twice"},
      {"a.get.sql", "-- @live often\nselect 1", "often is not expected here"},
      {"a.get.sql", "-- @live poll\nselect 1", "missing: the value of poll"},
      {"a.get.sql", "-- @live poll 5ms\nselect 1", "5ms is not between 100ms and 1h"},
      {"a.get.sql", "-- @live poll 1s tables a\nselect 1",
       "poll asks again and again, so min, by and tables mean nothing"},
      {"a.get.sql", "-- @live key=a key=b\nselect 1", "key stands twice"},
      {"a.get.sql", "-- @timeout\nselect 1", "missing: the duration"},
      {"a.get.sql", "-- @timeout 1h\nselect 1", "1h is not between 1ms and 10m"},
      {"a.get.sql", "-- @rate 20\nselect 1", "20: per what? 20/s, 20/m or 20/h"},
      {"a.get.sql", "-- @rate 20/d per ip\nselect 1", "20/d: per what? 20/s, 20/m or 20/h"},
      {"a.get.sql", "-- @rate 20/s\nselect 1", "missing: \"per ip\" or \"per CLAIM\""},
      {"a.get.sql", "-- @rate 0/s per ip\nselect 1", "no number from 1 to 1000000"},
      {"a.get.sql", "-- @connection\nselect 1", "missing: the connection's name"},
      {"a.get.sql", "-- @plan generic\nselect 1", "generic is not expected here"},
      {"a.get.sql", "-- @tx now\nselect 1", "now is not expected here"},
      {"a.get.sql", "select 1\n-- @auth role:admin\n",
       "this tag stands below the beginning of its statement"},
      {"a.get.sql", "select 1 -- @see elsewhere", ""},
      {"a.get.sql", "-- * @auth role:admin\nselect 1", "this tag does not begin its line"},
      {"a.get.sql", "--! @auth role:admin\nselect 1", "this tag does not begin its line"},
      {"a.get.sql", "/*\n ** @auth role:admin\n */\nselect 1", "this tag does not begin its line"},
      {"a.get.sql", "select 1 /* (@auth role:admin) */", "this tag does not begin its line"},
      {"a.get.sql", "-- As @auth says, it is open to all; see a@page.\nselect 1", ""},
      {"a.get.sql", "-- @auth: none\nselect 1", "unknown tag @auth:"},
  };
  Expect(cases);
}

TEST(Problems, Parameters) {
  const Case cases[] = {
      {"a.get.sql", "-- @param\nselect 1", "missing: the parameter's name"},
      {"a.get.sql", "-- @param 1a\nselect 1", "1a is no name of a parameter"},
      {"a.get.sql", "-- @param x int\nselect 1", "no statement uses :x"},
      {"a.get.sql", "-- @param x int\n-- @param x int\nselect :x", "x is declared twice"},
      {"a.get.sql", "-- @param x int int\nselect :x",
       "a second type; types have one word, like float8 or timestamptz"},
      {"a.get.sql", "-- @param x double precision\nselect :x",
       "a second type; types have one word, like float8 or timestamptz"},
      {"a.get.sql", "-- @param x numeric(10,2)\nselect :x",
       "numeric(10,2) is no type: one word, like int, float8, timestamptz or text[]"},
      {"a.get.sql", "-- @param x query query\nselect :x", "a second source"},
      {"a.get.sql", "-- @param x =\nselect :x", "missing: the default behind ="},
      {"a.get.sql", "-- @param x = open\nselect :x",
       "no default: null, true, false, a number or 'text' in single quotes"},
      {"a.get.sql", "-- @param x = \"open\"\nselect :x",
       "no default: null, true, false, a number or 'text' in single quotes"},
      {"a.get.sql", "-- @param x = 1 = 2\nselect :x", "a second default"},
      {"a.get.sql", "-- @param x int = 1.5\nselect :x", "the default is no int"},
      {"a.get.sql", "-- @param x int = 3000000000\nselect :x", "the default is no int"},
      {"a.get.sql", "-- @param x int8 = 'a'\nselect :x", "the default is no int8"},
      {"a.get.sql", "-- @param x bool = 1\nselect :x", "the default is no bool: true or false"},
      {"a.get.sql", "-- @param x text = 1\nselect :x", "the default is no text: write 'it' in quotes"},
      {"a.get.sql", "-- @param x float8 = 'a'\nselect :x", "the default is no float8"},
      {"a.get.sql", "-- @param x = nan\nselect :x",
       "no default: null, true, false, a number or 'text' in single quotes"},
      {"a.get.sql", "-- @param x int! = 1\nselect :x",
       "x is required (!), so its default would never be used"},
      {"a.get.sql", "-- @param x int \"a doc\nselect :x", "this quote is not closed in its line"},
      {"a.get.sql", "-- @param x 'int'\nselect :x", "int is not expected here"},
      {"a.get.sql", "-- @param x int \"a\" \"b\"\nselect :x", "b is not expected here"},
      {"a.get.sql", "select :Id, :id", ":id and :Id differ only in upper and lower case"},
      {"a/[id].get.sql", "select 1", "the path has {id}, but no statement uses :id"},
      {"a/[id].get.sql", "-- @param id int query\nselect :id",
       "id is part of the path, so it does not come from the query"},
      {"a/[id].get.sql", "-- @param id int = 1\nselect :id",
       "a parameter of the path is always there, so its default would never be used"},
      {"a.get.sql", "-- @param id int path\nselect :id", "id is not part of the path /a"},
      {"a.get.sql", "-- @param id int body\nselect :id", "GET has no body"},
      {"a.delete.sql", "-- @param id int body\ndelete from a where id = :id", "DELETE has no body"},
      {"a.get.sql", "-- @auth none\n-- @param sub text claim\nselect :sub",
       "sub is a claim of the caller, but with @auth none nobody has one"},
      {"a.get.sql", "-- @param sub text claim = 'me'\nselect :sub",
       "a parameter of the claim is always there, so its default would never be used"},
      {"a.post.sql", "-- @param v int\ndo $$ begin perform f(:v); end $$", "no statement uses :v"},
      {"a.get.sql", "-- @param n int\nselect a[:n] from t", "no statement uses :n"},
  };
  Expect(cases);
}

TEST(Problems, Contradictions) {
  const Case cases[] = {
      {"a.get.sql", "-- @rows value\n-- @page\nselect 1", "@page with @rows value: pages are of many rows"},
      {"a.get.sql", "-- @rows one\n-- @sort a\nselect 1",
       "@sort with @rows one: only many rows have an order"},
      {"a.get.sql", "-- @rows exec\nselect 1", "@rows exec with GET: it gives no rows, and GET only reads"},
      {"a.post.sql", "-- @cache 1s scope=sub\ninsert into a values (1)",
       "@cache with POST: only what GET gives is kept"},
      {"a.put.sql", "-- @live\nupdate a set b = 1", "@live with PUT: only what GET gives can be live"},
      {"a.get.sql", "-- @invalidates a\nselect 1", "@invalidates with GET: it only reads"},
      {"a.get.sql", "-- @idempotent\nselect 1", "@idempotent with GET: it always is"},
      {"a.get.sql", "insert into a values (1)", "this statement writes, and GET only reads"},
      {"a.get.sql", "with x as (delete from a returning *) select * from x",
       "this statement writes, and GET only reads"},
      {"a.get.sql", "select 1; select 2", "a second statement"},
      {"a.get.sql", "-- @tx\n-- @page\nselect 1; select 2", "@page with @tx: which of its statements?"},
      {"a.get.sql", "-- @tx\n-- @live\nselect 1; select 2", "@live with @tx: which of its statements?"},
      {"a.get.sql", "-- @sort a\n-- @page keyset a\nselect 1",
       "@sort with @page: a keyset has its own order"},
      {"a.get.sql", "-- @page\nselect 1 limit :limit", "@page has a parameter limit of its own"},
      {"a.get.sql", "-- @sort a\nselect :sort", "@sort has a parameter sort of its own"},
      {"a.get.sql", "-- @cache 30s\nselect 1", "@cache without scope=: whose answer is it?"},
      {"a.get.sql", "-- @cache 30s scope=public\nselect 1",
       "@cache scope=public, but not everybody may call it"},
      {"a.get.sql", "-- @auth none\n-- @cache 30s scope=sub\nselect 1",
       "@cache scope= names claims, but with @auth none nobody has one"},
      {"a.get.sql", "-- @param org text claim\n-- @cache 30s scope=sub\nselect :org",
       "the answer depends on the claim org, which scope= leaves out"},
      {"a.get.sql", "-- @auth none\n-- @cache 1s\nselect current_setting('request.jwt.claims')",
       "the answer depends on the request, but @cache keeps one for everybody"},
      {"a.get.sql", "-- @auth none\n-- @rate 1/s per sub\nselect 1",
       "@rate per sub, but with @auth none nobody has claims"},
      {"a.get.sql", "-- @live by=b\nselect :a", "@live by=b: no statement uses :b"},
      {"a.get.sql", "-- @rows one\n-- @live key=id\nselect 1",
       "@live key= tells many rows apart; @rows gives one"},
      {"a.sql", "-- name: x :one\n-- @rows one\nselect 1", ":one and @rows say the same thing"},
  };
  Expect(cases);
}

TEST(Problems, Files) {
  const Case cases[] = {
      {"a.get.sql", "", "the file has no statement"},
      {"a.get.sql", "  \n-- only a comment", "the file has no statement"},
      {"a.get.sql", ";;", "there is no statement here"},
      {"a.get.sql", "select '\xff'", "this byte is not UTF-8"},
      {"a.get.sql", std::string_view("select '\0'", 10), "a NUL byte: this is no text"},
      {"a.sql", "select 1", "the name says no method"},
      {"a.sql", "select 0;\n-- name: x\nselect 1", "a statement above the first -- name: line"},
      {"a.sql", "-- name: x\n-- name: y\nselect 1", "this query has no statement"},
      {"a.sql", "-- name: x\nselect 1;\n-- name: x\nselect 2", "a second query of this name"},
      {"a.sql", "-- name: 1x\nselect 1", "no name of a query"},
      {"a.sql", "-- name:\nselect 1", "no name of a query"},
      {"a.sql", "-- name: x :copyfrom\nselect 1", ":copyfrom is not known here"},
      {"a.sql", "-- name: x*!\nselect 1", "*! is not known here"},
      {"a.sql", "-- name: x #\nselect 1", "# is not known here"},
      {"a.sql", "-- name: x\nselect 1; select 2", "a second statement"},
      {"a.sql", "-- name: x\nselect 1;\n-- @rows one\n-- name: y\nselect 2",
       "this tag stands below the beginning of its statement"},
      {"a.post.sql", "-- @tx\nbegin; select 1; commit",
       "the server begins and ends transactions: leave begin out; @tx makes one of several statements\n"
       "the server begins and ends transactions: leave commit out; @tx makes one of several statements"},
      {"a.get.sql", "select 'open", "this text is never closed"},
  };
  Expect(cases);
}

TEST(Problems, HaveLimits) {
  const ParsedFile large = Parse("a.get.sql", "select '" + std::string(1 << 20, 'x') + "'");
  EXPECT_EQ(Messages(large), "the file has more than 1 MiB");

  std::string many = "select 1";
  for (int i = 0; i < 1001; ++i) many += ", :p" + std::to_string(i);
  EXPECT_EQ(Messages(Parse("a.get.sql", many)), "more than 1,000 parameters");

  std::string statements = "-- @tx\n";
  for (int i = 0; i < 101; ++i) statements += "select 1;";
  EXPECT_EQ(Messages(Parse("a.get.sql", statements)), "more than 100 statements");

  std::string queries;
  for (int i = 0; i < 201; ++i) queries += "-- name: q" + std::to_string(i) + "\nselect 1;\n";
  EXPECT_EQ(Messages(Parse("a.sql", queries)), "more than 200 queries");

  std::string tags;
  for (int i = 0; i < 70; ++i) tags += "-- @nonsense\n";
  const ParsedFile unknown = Parse("a.get.sql", tags + "select 1");
  ASSERT_EQ(unknown.problems.size(), Problems::kMax + 1);
  EXPECT_EQ(unknown.problems.back().message, "and 20 more; the first 50 are shown");
  EXPECT_EQ(unknown.problems.back().kind, ProblemKind::kLimit);

  std::string names = "-- @sort a0";
  for (int i = 1; i < 65; ++i) names += "|a" + std::to_string(i);
  EXPECT_EQ(Messages(Parse("a.get.sql", names + "\nselect 1")), "more than 64 names");
}

TEST(Problems, OfSqlite) {
  const ParsedFile file = Parse("a.get.sql", "-- @plan custom\nselect 1", Dialect::kSqlite);
  EXPECT_EQ(Messages(file), "SQLite has no plans to choose from");
}

// The whole text that a person reads: where, the line, a caret, what is accepted.
TEST(Problems, AreShownWithTheirPlaces) {
  const std::string_view path = "orders/[id].get.sql";
  const std::string_view text =
      "-- Gr\xc3\xb6\xc3\x9f"
      "e: one order.\n"
      "-- @parm id int\n"
      "--\t@cache 30 scope=sub\n"
      "-- @param stauts text \"h\xc3\xa4ngt\"\n"
      "-- @page limit=10 max=5\n"
      "select *, '\xc3\xa4' || :status from orders where id = :id and x = $1\n";
  EXPECT_EQ(DescribeAll(path, text, Parse(path, text).problems),
            R"(orders/[id].get.sql:2:4: unknown tag @parm
  -- @parm id int
     ^~~~~
  did you mean @param?
  tags: @param @auth @rows @page @sort @cache @live @chart
  @timeout @rate @connection @invalidates @idempotent @tx @plan
orders/[id].get.sql:3:11: no duration; write it like 250ms, 30s or 1h30m
  -- @cache 30 scope=sub
            ^~
  accepted: @cache DURATION [swr=DURATION] [scope=public|CLAIMS] [tags=NAMES]
orders/[id].get.sql:5:4: limit=10 is more than max=5
  -- @page limit=10 max=5
     ^~~~~
  accepted: @page [keyset COLUMNS [desc]] [limit=N] [max=N]
orders/[id].get.sql:6:61: parameters have names: $1 is the database's own form
  select *, 'ä' || :status from orders where id = :id and x = $1
                                                              ^~
  write :name
)");
  const std::string_view other = "-- @param stauts text\nselect :status where a[1] = :id";
  EXPECT_EQ(DescribeAll(path, other, Parse(path, other).problems),
            R"(orders/[id].get.sql:1:11: no statement uses :stauts
  -- @param stauts text
            ^~~~~~
  did you mean status?
)");
}

TEST(Problems, OfLongAndHostileLinesAreShownInPart) {
  const std::string text = "select '" + std::string(500, 'x') +
                           "', \x1b"
                           "red :1 " +
                           std::string(500, 'y');
  const ParsedFile file = Parse("a.get.sql", text);
  const std::string shown = Describe("a.get.sql", text, file.problems.back());
  EXPECT_EQ(shown,
            "a.get.sql:1:517: :1 is no name of a parameter\n"
            "  …" +
                std::string(52, 'x') + "', ?red :1 " + std::string(37, 'y') +
                "…\n"
                "   " +
                std::string(60, ' ') +
                "^~\n"
                "  a letter or _, then letters, digits and _ of ASCII");
}

TEST(Problems, AtTheEndOfTheText) {
  const std::string_view text = "select (";
  EXPECT_EQ(DescribeAll("a.get.sql", text, Parse("a.get.sql", text).problems),
            "a.get.sql:1:8: this ( is never closed\n  select (\n         ^\n");
}

}  // namespace
}  // namespace tidemill::files
