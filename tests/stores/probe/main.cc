// The probe: our clients of databases as a program that other languages' clients can be compared with.
//
//   store_probe postgres URL     each line of standard input is a request (request.h), each of standard
//   output store_probe sqlite PATH      its answer … schema apply | state       the schema of the tests'
//   module instead: applied, or where it stands store_probe print postgres | sqlite [AFTER]     its script
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

#include "cli/opened_database.h"
#include "net/task_scope.h"
#include "net/testing/harness.h"
#include "settings/settings.h"
#include "sql/schema/apply_schema.h"
#include "sql/schema/print_schema.h"
#include "sql/testing/crate_schema.h"
#include "stores/probe/request.h"

namespace tidemill::probe {
namespace {

const sql::SchemaOptions kOptions{.applied_by = "probe"};

template <class T>
Task<void> Keep(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await task);
}

template <class T>
T Await(net::Loop& loop, Task<T> task) {
  std::optional<T> result;
  TaskScope scope;
  scope.Spawn(Keep(std::move(task), result));
  while (!result) loop.RunOnce(Milliseconds(10));
  return *std::move(result);
}

int Fail(const std::string& why) {
  std::cerr << "store_probe: " << why << "\n";
  return 1;
}

int Answer(net::Loop& loop, sql::Database& database) {
  for (std::string line; std::getline(std::cin, line);) {
    auto request = ParseRequest(line);
    if (!request) return Fail(request.error().detail);
    sql::Call call{
        .statement = sql::Statement(request->sql, {.reuse = sql::Reuse::kOnce, .parameter_oids = {}}),
        .parameters = std::move(request->parameters),
        .access = request->access};
    std::cout << AnswerOf(Await(loop, database.Run(std::move(call)))) << std::endl;
  }
  return 0;
}

int Apply(net::Loop& loop, sql::Database& database) {
  const std::vector<sql::Schema> schemas = {sql::testing::CrateSchema()};
  const auto applied = Await(loop, sql::ApplySchemas(loop, database, schemas, kOptions));
  if (!applied) return Fail(applied.error().detail);
  for (const sql::AppliedNow& each : *applied) std::cout << each.module << " " << each.version << "\n";
  return 0;
}

int State(net::Loop& loop, sql::Database& database) {
  const auto applied = Await(loop, sql::ReadAppliedVersions(database, kOptions));
  if (!applied) return Fail(applied.error().message);
  for (const auto& state : sql::JudgeSchemas({sql::testing::CrateSchema()}, *applied, database.dialect())) {
    std::cout << state.module << " " << Name(state.verdict) << " " << state.applied << " " << state.applied_by
              << "\n";
  }
  return 0;
}

int Print(const std::string& dialect, const char* after) {
  std::cout << sql::PrintSchema(
      sql::testing::CrateSchema(), dialect == "sqlite" ? sql::Dialect::kSqlite : sql::Dialect::kPostgres,
      kOptions, after == nullptr ? 0 : static_cast<std::uint32_t>(std::stoul(after)));
  return 0;
}

tidemill::Result<std::unique_ptr<cli::OpenedDatabase>> Open(net::Loop& loop, const std::string& dialect,
                                                            const std::string& where) {
  settings::Settings settings;
  if (dialect == "sqlite") {
    settings.sqlite.path = where;
  } else {
    settings.postgres.url = {where};
  }
  TM_TRY_ASSIGN(const sql::Dialect chosen, cli::ChooseDialect(settings, dialect));
  TM_TRY_ASSIGN(auto opened, cli::OpenedDatabase::Open(loop, settings, chosen, sql::Access::kWrite));
  TM_TRY(Await(loop, opened->Connect()));
  return opened;
}

int Serve(net::Loop& loop, sql::Database& database, const std::string& what) {
  if (what == "apply") return Apply(loop, database);
  if (what == "state") return State(loop, database);
  return Answer(loop, database);
}

int Run(int argc, char** argv) {
  const std::string first = argc > 2 ? argv[1] : "";
  if (first == "print") return Print(argv[2], argc > 3 ? argv[3] : nullptr);
  if (first != "postgres" && first != "sqlite") return Fail("postgres URL, sqlite PATH, or print DIALECT");
  const auto loop = net::testing::OpenLoop();
  auto opened = Open(*loop, first, argv[2]);
  if (!opened) return Fail(opened.error().detail);
  const std::string what = argc > 4 && std::strcmp(argv[3], "schema") == 0 ? argv[4] : "";
  const int code = Serve(*loop, (*opened)->database(), what);
  opened->reset();
  net::testing::RunTurns(*loop);  // what it retires ends with the turn
  return code;
}

}  // namespace
}  // namespace tidemill::probe

int main(int argc, char** argv) { return tidemill::probe::Run(argc, argv); }
