#include "cli/queries/test_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/queries/catalog_of.h"
#include "cli/queries/file_problems.h"
#include "cli/queries/test_runner.h"
#include "cli/queries/workspace.h"

namespace tidemill::cli {
namespace {

struct Options {
  ProjectOptions project;
  std::vector<std::string> words;
  bool json = false;
};

bool IsWanted(const files::File& file, const std::vector<std::string>& words) {
  return file.kind == files::FileKind::kTest &&
         std::ranges::all_of(words, [&file](const std::string& word) { return file.path.contains(word); });
}

Task<Result<std::vector<TestReport>>> RunAll(Workspace& workspace, const std::vector<std::string>& words) {
  TM_CO_TRY_ASSIGN(const auto catalog, co_await CatalogOf(workspace));
  const TestContext context{.database = workspace.database(),
                            .catalog = *catalog,
                            .role_claim = workspace.project.settings.queries.role_claim};
  std::vector<TestReport> reports;
  for (const auto& file : workspace.project.files->files) {
    if (!IsWanted(*file, words)) continue;
    TM_CO_TRY_ASSIGN(TestReport report, co_await RunTestFile(context, *file));
    reports.push_back(std::move(report));
  }
  co_return reports;
}

std::vector<files::FileProblem> ProblemsOf(const TestReport& report) {
  std::vector<files::FileProblem> problems;
  for (const files::Problem& each : report.problems)
    problems.push_back({.path = report.path, .problem = each});
  return problems;
}

struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;
};

Totals TotalsOf(const std::vector<TestReport>& reports) {
  Totals totals;
  for (const TestReport& report : reports) {
    totals.passed += report.passed;
    totals.failed += report.problems.size();
  }
  return totals;
}

std::string ToText(const Project& project, const std::vector<TestReport>& reports) {
  std::string text;
  for (const TestReport& report : reports) {
    const bool good = report.problems.empty();
    text += fmt::format("{}  {}/{}: {} passed\n", good ? "ok  " : "FAIL", project.folder, report.path,
                        report.passed);
    text += ProblemsText(project.folder, *project.files, ProblemsOf(report));
    if (report.skipped > 0) text += fmt::format("  {} that follow were not run\n", report.skipped);
  }
  const Totals totals = TotalsOf(reports);
  return text + fmt::format("{} file{}, {} passed, {} failed\n", reports.size(),
                            reports.size() == 1 ? "" : "s", totals.passed, totals.failed);
}

std::string ToJson(const Project& project, const std::vector<TestReport>& reports) {
  std::string text;
  JsonWriter json(text);
  const Totals totals = TotalsOf(reports);
  json.BeginObject();
  json.Member("passed", totals.passed);
  json.Member("failed", totals.failed);
  json.Key("files");
  json.BeginArray();
  for (const TestReport& report : reports) {
    json.BeginObject();
    json.Member("file", project.folder + "/" + report.path);
    json.Member("passed", report.passed);
    json.Member("not_run", report.skipped);
    json.Key("problems");
    json.BeginArray();
    AppendProblems(project.folder, *project.files, ProblemsOf(report), json);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return text + "\n";
}

int Test(const Options& options, Io io) {
  auto workspace = OpenWorkspace(options.project, DatabaseChoice::kFreshIfSqlite, sql::Access::kWrite);
  if (!workspace) return Failed(io, workspace.error().detail);
  const auto reports = workspace->Run(RunAll(*workspace, options.words));
  if (!reports) return Failed(io, reports.error().detail);
  const Project& project = workspace->project;
  Print(io, options.json ? ToJson(project, *reports) : ToText(project, *reports));
  if (reports->empty()) return Failed(io, "there is no such *.test.sql file");
  return TotalsOf(*reports).failed == 0 ? kDone : kFailed;
}

}  // namespace

CommandSpec QueriesTestCommand() {
  const auto options = std::make_shared<Options>();
  std::vector<Parameter> parameters = {{.name = "WORD",
                                        .value = &options->words,
                                        .help = "Only files with all of these in their names",
                                        .optional = true}};
  for (Parameter& each : ProjectParameters(options->project)) parameters.push_back(std::move(each));
  parameters.push_back({"--json", &options->json, "Prints the results as one line of JSON"});
  return {.name = "test",
          .help = "Runs the tests in *.test.sql, each file in a transaction that is rolled back",
          .examples =
              "  tidemill queries test\n"
              "  tidemill queries test orders --json\n"
              "\nIn SQLite in a fresh database with the migrations; in PostgreSQL in the one that is set.\n",
          .parameters = std::move(parameters),
          .settings = &options->project.settings,
          .run = [options](Io io) { return Test(*options, io); }};
}

}  // namespace tidemill::cli
