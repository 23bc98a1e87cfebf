#include "postgres/statements/keywords.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "postgres/protocol/frontend.h"
#include "postgres/statements/check.h"
#include "postgres/statements/words.h"

namespace tidemill::postgres {
namespace {

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> all;
  Words words(text);
  for (std::string word = words.Next(); !word.empty(); word = words.Next()) all.push_back(word);
  return all;
}

TEST(Words, PassOverCommentsStringsAndQuotedNames) {
  using List = std::vector<std::string>;
  EXPECT_EQ(WordsOf("SELECT a1, \"delete\" FROM t"), (List{"select", "a1", "from", "t"}));
  EXPECT_EQ(WordsOf("/* a /* b */ c */ d -- e\n f"), (List{"d", "f"}));
  EXPECT_EQ(WordsOf("'it''s' a E'it\\'s' b U&'x' c"), (List{"a", "b", "u", "c"}));
  EXPECT_EQ(WordsOf("$$ a $$ b $x$ c $$ d $x$ e $1 f"), (List{"b", "e", "f"}));
  EXPECT_EQ(WordsOf("1e5 0x1f 12abc x"), (List{"x"}));
  EXPECT_EQ(WordsOf("größe::int8"), (List{"größe", "int8"}));
  for (const char* cut : {"'a", "\"a", "/* a", "$$ a", "$x$ a $x", "E'\\", "--", "$", "$x"}) {
    EXPECT_EQ(WordsOf(cut), List{}) << cut;
  }
}

TEST(LooksReadOnly, IsCarefulRatherThanRight) {
  for (const char* text : {"select 1", "-- x\nselect 'delete'", "values (1)", "table t", "show all",
                           "with a as (select 1) select * from a", "explain select 1"}) {
    EXPECT_TRUE(LooksReadOnly(text)) << text;
  }
  for (const char* text :
       {"insert into t values (1)", "with a as (delete from t returning *) select * from a",
        "select * from t for update", "select * from t for share", "select * into x from t",
        "select nextval('s')", "explain analyze select 1", "create table t()", "", "call p()", "do ''"}) {
    EXPECT_FALSE(LooksReadOnly(text)) << text;
  }
}

TEST(RefusalOf, LetsThroughWhatLeavesNothing) {
  for (const char* text :
       {"select 1", "set local role x", "set transaction read only", "create table begin()", "vacuum", "",
        "call commit()", "select set_config('a.b', $1, true)",
        "select SET_CONFIG('a.b', 'c,)', /* ) */ TRUE )",
        "select set_config('a', (select max(b) from t), is_local => true)",
        "select 'set_config(a, b, false)'"}) {
    EXPECT_EQ(RefusalOf(text), std::nullopt) << text;
  }
  for (const char* text :
       {"begin", "/**/END", "set role x", "copy t from stdin", "declare c cursor for table t", "fetch c",
        "execute_ ", "listen x", "select set_config('a.b', 'true', false)", "select Set_Config('a', 'b', $1)",
        "select set_config('a', set_config('b', 'c', false), true)",
        "select set_config('a', 'b', true), set_config ('a', 'b', 1 = 1)"}) {
    EXPECT_EQ(RefusalOf(text).has_value(), std::string_view(text) != "execute_ ") << text;
  }
}

TEST(StatementCheck, SaysTheSameHoweverOftenItIsAsked) {
  StatementCheck check;
  const LimitSettings limits;
  const sql::Statement fit("select 1");
  const sql::Statement refused("begin");
  sql::Call too_many{.statement = fit};
  too_many.parameters.resize(kParametersMax + 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(check.Check({.statement = fit}, limits));
    EXPECT_FALSE(check.Check({.statement = refused}, limits));
    EXPECT_FALSE(check.Check(too_many, limits));
  }
  for (int i = 0; i < 200; ++i) {  // more than are kept; each ends before the next begins
    const sql::Statement statement(i % 2 == 0 ? "select 2" : "commit");
    EXPECT_EQ(check.Check({.statement = statement}, limits).has_value(), i % 2 == 0);
  }
}

}  // namespace
}  // namespace tidemill::postgres
