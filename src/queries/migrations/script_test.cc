#include "queries/migrations/script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tidemill::migrations {
namespace {

using sql::Dialect;

std::vector<std::string> Texts(const Script& script) {
  std::vector<std::string> texts;
  for (const files::QueryStatement& statement : script.statements) texts.push_back(statement.sql.text);
  return texts;
}

// "line:column message", one for each.
std::vector<std::string> Said(std::string_view text, const Script& script) {
  std::vector<std::string> said;
  const files::Lines lines(text);
  for (const files::Problem& problem : script.problems) {
    const files::Position at = lines.Of(problem.where.begin);
    said.push_back(std::to_string(at.line) + ":" + std::to_string(at.column) + " " + problem.message);
  }
  return said;
}

using Lines = std::vector<std::string>;

TEST(ReadScript, StatementsAsTheyStand) {
  constexpr std::string_view kText =
      "-- Orders of our customers.\n"
      "create table orders (id integer primary key, at text default ':now');\n"
      "insert into orders values (1, 'a;b'), (2, $$x; y$$); -- behind\n"
      "select a[1:n], b:c, :d;;\n";
  const Script script = ReadScript(kText, Dialect::kPostgres);
  EXPECT_EQ(Said(kText, script), Lines{});
  EXPECT_EQ(Texts(script),
            (Lines{"create table orders (id integer primary key, at text default ':now')",
                   "insert into orders values (1, 'a;b'), (2, $$x; y$$)", "select a[1:n], b:c, :d"}));
  EXPECT_TRUE(script.transaction);
}

TEST(ReadScript, TheBodyOfATriggerIsOneStatement) {
  constexpr std::string_view kText =
      "create trigger t after insert on a begin update a set b = 1; delete from c; end;\n"
      "drop table d";
  EXPECT_EQ(Texts(ReadScript(kText, Dialect::kSqlite)).size(), 2u);
}

TEST(ReadScript, WithoutATransactionInAnyOfTheForms) {
  for (const char* head : {"-- @no_tx", "/* @no_tx */", "-- no-transaction",
                           "-- migrate:up transaction:false", "-- +goose NO TRANSACTION"}) {
    SCOPED_TRACE(head);
    const std::string text = std::string(head) + "\ncreate index concurrently i on t (a);\n";
    const Script script = ReadScript(text, Dialect::kPostgres);
    EXPECT_FALSE(script.transaction);
    EXPECT_EQ(Said(text, script), Lines{});
    EXPECT_EQ(Said(text, ReadScript(text, Dialect::kSqlite)).size(), 1u);
  }
}

TEST(ReadScript, WhatIsRefused) {
  struct Case {
    const char* text;
    Lines said;
  };
  const Case cases[] = {
      {"", {"1:1 the file has no statement"}},
      {"-- only words\n", {"1:1 the file has no statement"}},
      {"select 'a", {"1:8 this text is never closed"}},
      {"begin;\nselect 1;\ncommit;",
       {"1:1 every migration is a transaction of its own",
        "3:1 every migration is a transaction of its own"}},
      {"select pg_catalog.set_config('search_path', '', false);\n",
       {"1:19 the setting would stay in the connection"}},
      {"-- @no_txx\nselect 1", {"1:4 unknown tag @no_txx"}},
      {"select 1;\n-- @no_tx\nselect 2",
       {"2:4 more than one statement without a transaction",
        "2:4 this tag stands below the beginning of a statement"}},
      {"-- @no_tx\nselect 1; select 2", {"1:4 more than one statement without a transaction"}},
      {"-- migrate:up\nselect 1;\n-- migrate:down\ndrop table a;\n",
       {"3:4 migrations go forward only: this part would be applied too"}},
      {"-- +goose Up\nselect 1;\n-- +goose Down\ndrop table a;\n",
       {"3:4 migrations go forward only: this part would be applied too"}},
      {"select '\xff'", {"1:9 this byte is not UTF-8"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    Lines said = Said(c.text, ReadScript(c.text, Dialect::kPostgres));
    std::ranges::sort(said);
    EXPECT_EQ(said, c.said);
  }
}

TEST(ReadScript, ASettingOfTheTransactionIsNone) {
  EXPECT_TRUE(ReadScript("select set_config('a.b', 'c', true)", Dialect::kPostgres).problems.empty());
  EXPECT_TRUE(ReadScript("create function f() returns text language sql as "
                         "$$select set_config('a.b', 'c', false)$$",
                         Dialect::kPostgres)
                  .problems.empty());
}

}  // namespace
}  // namespace tidemill::migrations
