#include "sql/testing/database_suite.h"

#include <algorithm>

#include "net/testing/harness.h"

namespace tidemill::sql::testing {

DatabaseSuite::DatabaseSuite() : loop_(net::testing::OpenLoop()), backend_(GetParam().make(*loop_)) {}

DatabaseSuite::~DatabaseSuite() {
  backend_.reset();
  net::testing::RunTurns(*loop_);
}

std::string DatabaseSuite::Either(std::string_view postgres, std::string_view sqlite) {
  return std::string(IsSqlite() ? sqlite : postgres);
}

std::string DatabaseSuite::Both(std::string_view text) {
  std::string own(text);
  if (IsSqlite()) std::ranges::replace(own, '$', '?');
  return own;
}

Call DatabaseSuite::Of(std::string_view text, Parameters parameters, Access access) {
  return {.statement = Statement(Both(text)), .parameters = std::move(parameters), .access = access};
}

Result<RunResult> DatabaseSuite::Run(std::string_view text, Parameters parameters, Access access) {
  return Run(Of(text, std::move(parameters), access));
}

std::vector<std::string> DatabaseSuite::Lines(std::string_view text, Parameters parameters) {
  const auto result = Run(text, std::move(parameters));
  if (!result) {
    ADD_FAILURE() << text << ": " << result.error().message;
    return {};
  }
  return ToLines(result->rows);
}

void DatabaseSuite::Must(std::string_view text, Parameters parameters) {
  (void)Lines(text, std::move(parameters));
}

std::int64_t DatabaseSuite::Count(std::string_view table) {
  const auto lines = Lines("select count(*) from " + std::string(table));
  return lines.size() == 1 ? std::stoll(lines[0]) : -1;
}

Failure DatabaseSuite::FailureOf(std::string_view text, Parameters parameters) {
  const auto result = Run(text, std::move(parameters));
  if (result) {
    ADD_FAILURE() << text << " has not failed";
    return {};
  }
  EXPECT_FALSE(result.error().message.empty());
  EXPECT_EQ(result.error().effect, Effect::kNone);
  return result.error();
}

void DatabaseSuite::CreatePeople() {
  Must(std::string("create table people (id integer primary key, email text unique, "
                   "age integer constraint grown check (age >= 0), "
                   "boss integer constraint boss_known references people (id), name text not null)") +
       Either("", " strict"));
}

void DatabaseSuite::CreateNumbers() { Must("create table numbers (n integer primary key)"); }

std::string DatabaseSuite::Endless() {
  return Either("select pg_sleep(600)",
                "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n");
}

std::vector<std::string> ToLines(const Rows& rows) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line;
    for (std::size_t column = 0; column < rows[i].size(); ++column) {
      if (column > 0) line += ' ';
      const Field field = rows[i][column];
      line += field.is_null() ? "~" : field.text;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Task<void> Keep(Database& database, Call call, Outcome<RunResult>& outcome) {
  outcome.emplace(co_await database.Run(std::move(call)));
}

}  // namespace tidemill::sql::testing
