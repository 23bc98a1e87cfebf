#include "queries/files/lexer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>

#include "base/clock.h"
#include "queries/files/rewrite.h"
#include "queries/files/split.h"

namespace tidemill::files {
namespace {

using sql::Dialect;
constexpr auto kPostgres = Dialect::kPostgres;
constexpr auto kSqlite = Dialect::kSqlite;

// The text with its parameters numbered, and behind each "!" what is wrong.
std::string Rewriting(std::string_view text, Dialect dialect) {
  Problems problems;
  const auto tokens = Lex(text, dialect, problems);
  std::string joined;
  for (const Token& token : tokens) joined += token.range.In(text);
  EXPECT_EQ(joined, text);
  std::string out = Rewrite(text, tokens, dialect).text;
  for (const Problem& problem : problems.Take()) out += " !" + problem.message;
  return out;
}

struct Case {
  const char* name;
  std::string_view text;
  std::string_view rewritten;
};

TEST(Lexer, PostgresParameters) {
  const Case cases[] = {
      {"one", "select :id", "select $1"},
      {"in order of their first use", "select :b, :a, :c", "select $1, $2, $3"},
      {"a repeated name has one number", "select :id where :id > 0 and :o < :id",
       "select $1 where $1 > 0 and $2 < $1"},
      {"one that another begins with", "select :a, :ab, :a", "select $1, $2, $1"},
      {"underscore", "select :_user_id", "select $1"},
      {"digits inside", "select :a1, :a2b", "select $1, $2"},
      {"case counts", "select :Id", "select $1"},
      {"at the end without anything", "where a = :a", "where a = $1"},
      {"touching an operator", "a=:a and b>:b and c->>:c", "a=$1 and b>$2 and c->>$3"},
      {"in brackets", "f(:a,:b)", "f($1,$2)"},
      {"cast behind", ":status::text is null", "$1::text is null"},
      {"cast of an array", ":ids::int[]", "$1::int[]"},
      {"between comments", "/* :x */:a-- :y\n,:b", "/* :x */$1-- :y\n,$2"},
      {"two lines", "select :a\n  , :b\n", "select $1\n  , $2\n"},
      {"windows lines", "select :a -- :x\r\n, :b\r\n", "select $1 -- :x\r\n, $2\r\n"},
      {"a carriage return ends a comment", "-- :x\rselect :a", "-- :x\rselect $1"},
      {"dash is no part", "select :user-id", "select $1-id"},
      {"dot is no part", "select :a.b", "select $1.b"},
      {"limit and offset", "limit :limit offset :offset", "limit $1 offset $2"},
      {"ten", ":a,:b,:c,:d,:e,:f,:g,:h,:i,:j,:a", "$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$1"},
      {"interval", "now() - :days * interval '1 day'", "now() - $1 * interval '1 day'"},
      {"in a function's named argument", "f(a => :a, b := :b)", "f(a => $1, b := $2)"},
      {"assignment without blanks", "f(a:=:a)", "f(a:=$1)"},
      {"behind a keyword", "where not :a and :b", "where not $1 and $2"},
      {"quoted name before", "where \"a b\" = :a", "where \"a b\" = $1"},
      {"nothing", "", ""},
      {"space only", " \n\t", " \n\t"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Rewriting(c.text, kPostgres), c.rewritten);
  }
}

// Colons that are no parameters: nothing changes.
TEST(Lexer, PostgresTraps) {
  const Case cases[] = {
      {"cast", "select a::int, '1'::date", ""},
      {"cast with blanks", "select a :: int", ""},
      {"cast of a cast", "select a::text::int", ""},
      {"assignment", "select f(a := 1)", ""},
      {"string", "select ':a'", ""},
      {"time in a string", "select '2024-01-01 12:30:00'::timestamp", ""},
      {"doubled quote", "select 'it''s :x here'", ""},
      {"empty strings", "regexp_replace(b,'\\W','','g')", ""},
      {"backslash is no escape", "select 'a\\', ':b'", ""},
      {"escaped string", "select E'it\\'s :x'", ""},
      {"escaped string, lower case", "select e'\\\\', ':x'", ""},
      {"escaped string goes on in the next line", "select E'a'\n  'b\\' :x'", ""},
      {"… behind a comment too", "select E'a' -- it's\n  'b\\' :x'", ""},
      {"unicode string", "select U&'d\\0061t\\+000061 :x'", ""},
      {"unicode name", "select U&\"d\\0061t :x\"", ""},
      {"bit string", "select B'1001', X'1FF', N':x'", ""},
      {"format with quotes", "to_char(at, 'YYYY-MM-DD\"T\"HH24:MI:SSOF')", ""},
      {"dollar quote", "do $$ begin perform :x; end $$", ""},
      {"dollar quote with a tag", "select $tag$ :x $tag$", ""},
      {"dollar quote in a dollar quote", "$a$ $b$ :x $b$ $$ :y $$ $a$", ""},
      {"dollar quote with a quote", "$$ it's :x $$", ""},
      {"dollar in a name", "select foo$bar$ from t", ""},
      {"dollar quote of letters beyond ascii", "$é$ :x $é$", ""},
      {"line comment", "-- :x it's\nselect 1", ""},
      {"line comment at the end", "select 1 -- :x", ""},
      {"block comment", "/* :x it's */ select 1", ""},
      {"nested comment", "/* /* :x */ :y */ select 1", ""},
      {"comment in a string", "select '/* :x */', '-- :y'", ""},
      {"comment in a comment", "-- /* :x\nselect 1 -- */", ""},
      {"hint", "select /*+ IndexScan(:t) */ 1", ""},
      {"name in quotes", "select \"a:b\"\"c:d\" from t", ""},
      {"slice", "select a[1:3]", ""},
      {"slice to a column", "select a[:n]", ""},
      {"slice of columns", "select a[lo:hi]", ""},
      {"slice of columns with blanks", "select a[lo : hi], a[lo :hi]", ""},
      {"slice without bounds", "select a[:], a[1:], a[:3]", ""},
      {"slice behind an expression", "select a[f(x):n], a[b[1]:n], a[x+1:n]", ""},
      {"slices of two dimensions", "select a[1:2][lo:hi]", ""},
      {"slice of a result", "select (f(x))[1:n]", ""},
      {"type with brackets", "select x::int[3], '{}'::int[]", ""},
      {"json object", "json_object('a' : 1, 'b': x, 'c':y, 'd' :z)", ""},
      {"json object of columns", "json_object(k : v)", ""},
      {"json object of a parameter and a column", "json_object('a':b, ($$x$$):v)", ""},
      {"json object of a call", "json_object(f(x):v)", ""},
      {"json operators", "a -> 'b' ->> 'c' #> '{a}' #>> '{b}' @> b <@ c", ""},
      {"question marks", "a ? 'b' and a ?| array['b'] and a ?& array['c']", ""},
      {"json path", "data @? '$.a ? (@ > :x)' and data @@ '$.a == 1'", ""},
      {"absolute value", "select @ -5, @x", ""},
      {"operators with everything", "a <-> b, a ~* b, a !~~* b, |/ 25, ||/ 27, a # b, ~ a", ""},
      {"minus minus is a comment", "select 1--:x", ""},
      {"operator before a comment", "select 1+/* :x */2", ""},
      {"range", "int4range(1,10) @> 3 and a && b", ""},
      {"backtick is an operator", "select a ` b", ""},
      {"exponent", "select 1e-5, 1.5E+3, .5, 0xFF, 1_000", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Rewriting(c.text, kPostgres), c.text);
  }
}

TEST(Lexer, PostgresTrapsBesideParameters) {
  const Case cases[] = {
      {"constructor", "array[:a, :b]", "array[$1, $2]"},
      {"constructor in a constructor", "ARRAY[[:a],[:b]]", "ARRAY[[$1],[$2]]"},
      {"subscript inside of a constructor", "array[x[:n], :b]", "array[x[:n], $1]"},
      {"subscript by a parameter", "a[(:n)]", "a[($1)]"},
      {"upper bound by a parameter", "a[1: :n]", "a[1: $1]"},
      {"upper bound in brackets", "a[1:(:n)]", "a[1:($1)]"},
      {"lower bound by a parameter", "a[(:lo):hi]", "a[($1):hi]"},
      {"behind an operator", "a[1 + :n]", "a[1 + $1]"},
      {"inside of a call", "a[f(:n)]", "a[f($1)]"},
      {"in a condition", "a[case when :c then 1 else :d end]", "a[case when $1 then 1 else $2 end]"},
      {"json object by parameters", "json_object(:k : :v)", "json_object($1 : $2)"},
      {"json object, value by parameter", "json_object('k': :v, 'w': :w)", "json_object('k': $1, 'w': $2)"},
      {"json key by parameter", "x->>:key", "x->>$1"},
      {"json object, a column behind a parameter", "json_object(:k:v)", "json_object($1:v)"},
      {"behind a string that goes on", "E'a'\n'b', :x", "E'a'\n'b', $1"},
      {"behind a plain string with a backslash", "'a\\', :x", "'a\\', $1"},
      {"behind a nested comment", "/* /* */ */ :x", "/* /* */ */ $1"},
      {"behind a dollar quote", "$a$ :y $a$, :x", "$a$ :y $a$, $1"},
      {"in a cast's precision", "cast(:x as numeric(10, 2))", "cast($1 as numeric(10, 2))"},
      {"type then parameter", "interval :x", "interval $1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Rewriting(c.text, kPostgres), c.rewritten);
  }
}

TEST(Lexer, Sqlite) {
  const Case cases[] = {
      {"one", "select :id", "select ?1"},
      {"a repeated name", "select :a, :b, :a", "select ?1, ?2, ?1"},
      {"string", "select ':a', 'it''s :b', :c", "select ':a', 'it''s :b', ?1"},
      {"backslash is no escape", "select 'a\\', :b", "select 'a\\', ?1"},
      {"E is a name", "select E, 'a\\', :b", "select E, 'a\\', ?1"},
      {"blob", "select x'00ff', X'3a61', :a", "select x'00ff', X'3a61', ?1"},
      {"backtick", "select `a:b``:c`, :d", "select `a:b``:c`, ?1"},
      {"bracket", "select [a:b], [it's], :d", "select [a:b], [it's], ?1"},
      {"bracket has no escape", "select [a]], :b", "select [a]], ?1 !this ] closes nothing"},
      {"quotes", "select \"a:b\"\"c\", :d", "select \"a:b\"\"c\", ?1"},
      {"comments do not nest", "/* /* :x */ :a", "/* /* :x */ ?1"},
      {"json", "a -> '$.b:c' ->> :p", "a -> '$.b:c' ->> ?1"},
      {"glob and like", "a like :a escape '\\' and b glob :b", "a like ?1 escape '\\' and b glob ?2"},
      {"dollar is part of a name", "select a$b, :c", "select a$b, ?1"},
      {"no dollar quotes", "select '$$', :a, '$$'", "select '$$', ?1, '$$'"},
      {"a carriage return ends no comment", "-- :x\r:y\n:a", "-- :x\r:y\n?1"},
      {"table valued function", "json_each(:ids)", "json_each(?1)"},
      {"behind a string, though it is no SQL", "'a' :b", "'a' ?1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Rewriting(c.text, kSqlite), c.rewritten);
  }
}

TEST(Lexer, SaysWhatIsWrong) {
  struct Wrong {
    const char* name;
    Dialect dialect;
    std::string_view text;
    std::string_view message;
  };
  const Wrong cases[] = {
      {"string", kPostgres, "select 'a", "this text is never closed"},
      {"string that escapes its end", kPostgres, "select E'a\\'", "this text is never closed"},
      {"string in the next line", kPostgres, "select E'a'\n'b", "this text is never closed"},
      {"name", kPostgres, "select \"a", "this quoted name is never closed"},
      {"dollar quote", kPostgres, "select $a$ x $b$", "this text is never closed"},
      {"comment", kPostgres, "/* /* */ select 1", "this comment is never closed"},
      {"bracket", kPostgres, "select (1", "this ( is never closed"},
      {"bracket that closes nothing", kPostgres, "select 1)", "this ) closes nothing"},
      {"brackets of two kinds", kPostgres, "select (a[1)]", "this ( is never closed"},
      {"number", kPostgres, "select $1", "parameters have names: $1 is the database's own form"},
      {"digit", kPostgres, "select :1", ":1 is no name of a parameter"},
      {"letters beyond ascii", kPostgres, "select :na\xc3\xafve", ":na\xc3\xafve is no name of a parameter"},
      {"dollar", kPostgres, "select :a$b", ":a$b is no name of a parameter"},
      {"dollar before a parameter", kPostgres, "select $:a", "this $ begins nothing"},
      {"dollar before a parameter, sqlite", kSqlite, "select $:a", "this $ begins nothing"},
      {"word before", kPostgres, "select a:b", "a parameter must not touch the word before it"},
      {"quoted name before", kPostgres, "select \"a\":b", "a parameter must not touch the word before it"},
      {"psql", kPostgres, "select :'a'", "psql's quoted variables are not known here"},
      {"psql's name", kPostgres, "select :\"a\"", "psql's quoted variables are not known here"},
      {"backtick", kSqlite, "select `a", "this quoted name is never closed"},
      {"bracket name", kSqlite, "select [a", "this quoted name is never closed"},
      {"comment of sqlite", kSqlite, "/* a", "this comment is never closed"},
      {"question mark", kSqlite, "select ?", "parameters have names: ? is the database's own form"},
      {"numbered", kSqlite, "select ?12", "parameters have names: ?12 is the database's own form"},
      {"at", kSqlite, "select @a", "parameters have names: @a is the database's own form"},
      {"dollar of sqlite", kSqlite, "select $a", "parameters have names: $a is the database's own form"},
      {"cast", kSqlite, "select :a::int", ":: is no operator of SQLite"},
  };
  for (const Wrong& c : cases) {
    SCOPED_TRACE(c.name);
    Problems problems;
    Lex(c.text, c.dialect, problems);
    const auto found = problems.Take();
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front().message, c.message);
  }
}

TEST(Lexer, HasLimits) {
  Problems problems;
  Lex(std::string(LexLimits::kNesting + 10, '('), kPostgres, problems);
  const auto nested = problems.Take();
  EXPECT_EQ(std::ranges::count(nested, ProblemKind::kLimit, &Problem::kind), 2)
      << "the limit, and how many more";

  const std::string name(LexLimits::kParameterNameBytes, 'a');
  EXPECT_EQ(Rewriting(":" + name, kPostgres), "$1");
  EXPECT_EQ(Rewriting(":" + name + "a", kPostgres), ":" + name + "a !this name has more than 63 bytes");
}

// What would take quadratic time if anything looked ahead again and again.
TEST(Lexer, IsLinear) {
  constexpr std::size_t kBytes = LexLimits::kFileBytes / 8;
  const auto repeated = [](std::string_view piece) {
    std::string text;
    while (text.size() + piece.size() <= kBytes) text += piece;
    return text;
  };
  for (const std::string_view piece : {"(", "[", "/*", "$a$", "$a", "E'\n'", "E'' \n ", "'", "\"", ":a",
                                       ":a ", "--\n", "x", "1.", "a[:", "::", "\\", ";", "@ "}) {
    SCOPED_TRACE(piece);
    for (const Dialect dialect : {kPostgres, kSqlite}) {
      const std::string text = repeated(piece);
      Problems problems;
      const std::int64_t begin = MonotonicMicros();
      const auto tokens = Lex(text, dialect, problems);
      Rewrite(text, tokens, dialect);
      Split(text, tokens, dialect);
      EXPECT_LT(MonotonicMicros() - begin, 2'000'000);
    }
  }
}

TEST(PositionMap, LeadsBackToTheFile) {
  const std::string_view text = "-- é\nselect :customer, :id, :customer from t";
  Problems problems;
  const auto tokens = Lex(text, kPostgres, problems);
  const auto spans = Split(text, tokens, kPostgres);
  ASSERT_EQ(spans.size(), 1u);
  const Rewritten rewritten =
      Rewrite(text, std::span(tokens).subspan(spans[0].begin, spans[0].end - spans[0].begin), kPostgres);
  ASSERT_EQ(rewritten.text, "select $1, $2, $1 from t");
  const auto at = [&](std::string_view what, std::size_t from = 0) {
    return text.substr(rewritten.positions.SourceOf(rewritten.text.find(what, from)));
  };
  EXPECT_TRUE(at("select").starts_with("select :customer"));
  EXPECT_TRUE(at("$1").starts_with(":customer, :id"));
  EXPECT_TRUE(at("1, ").starts_with(":customer, :id")) << "inside of a number";
  EXPECT_TRUE(at(", $2").starts_with(", :id"));
  EXPECT_TRUE(at("$2").starts_with(":id, "));
  EXPECT_TRUE(at("$1", 10).starts_with(":customer from"));
  EXPECT_EQ(at("from"), "from t");
  EXPECT_EQ(rewritten.positions.SourceOf(rewritten.text.size()), text.size());
}

}  // namespace
}  // namespace tidemill::files
