#include "cli/queries/queries_run.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/queries/bound_query.h"
#include "cli/queries/catalog_of.h"
#include "cli/queries/workspace.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct Options {
  ProjectOptions project;
  std::string name;
  std::vector<std::string> values;
  bool undo = false;
  bool analyze = false;
};

Error ToError(const QueryAnswer& answer) {
  const std::string code = answer.code.empty() ? "" : fmt::format(" ({})", answer.code);
  const std::size_t first = std::min(answer.message.find('\n'), answer.message.size());
  return {Errc::kRefused, answer.message.substr(0, first) + code + answer.message.substr(first)};
}

// A file may be named from where the command runs.
std::string_view NameOf(const Project& project, std::string_view name) {
  const std::string folder = project.folder + "/";
  return name.starts_with(folder) ? name.substr(folder.size()) : name;
}

Task<Result<BoundQuery>> Bind(Workspace& workspace, const Options& options, Assignments assignments) {
  TM_CO_TRY_ASSIGN(const auto catalog, co_await CatalogOf(workspace));
  TM_CO_TRY_ASSIGN(auto endpoint, FindEndpoint(*catalog, NameOf(workspace.project, options.name)));
  auto bound = BoundQuery::Make(std::move(endpoint), workspace.project.dialect, assignments);
  if (!bound) co_return std::unexpected(ToError(bound.error()));
  co_return *std::move(bound);
}

Task<Result<std::string>> RunOnce(Workspace& workspace, const Options& options, Assignments assignments) {
  TM_CO_TRY_ASSIGN(const BoundQuery query, co_await Bind(workspace, options, std::move(assignments)));
  const sql::Access access = query.endpoint().access;
  const auto begun = co_await workspace.database().Begin({.access = access});
  if (!begun) co_return std::unexpected(sql::ToError(begun.error()));
  sql::Transaction& transaction = **begun;
  const QueryAnswer answer =
      co_await BoundQuery::Run(query, transaction, workspace.project.settings.queries.role_claim);
  if (answer.failed() || options.undo) {
    co_await transaction.Rollback();
  } else if (const auto done = co_await transaction.Commit(); !done) {
    co_return std::unexpected(sql::ToError(done.error()));
  }
  if (answer.failed()) co_return std::unexpected(ToError(answer));
  co_return answer.body.empty() || answer.body.ends_with('\n') ? answer.body : answer.body + "\n";
}

std::string PlanText(const sql::Rows& rows, sql::Dialect dialect) {
  std::string text;
  std::vector<std::pair<std::string, std::size_t>> depths;  // SQLite: of each step that has been shown
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::size_t depth = 0;
    if (dialect == sql::Dialect::kSqlite) {
      for (const auto& [id, its] : depths) depth = id == rows[i][1].text ? its + 1 : depth;
      depths.emplace_back(std::string(rows[i][0].text), depth);
    }
    const sql::Field shown = rows[i][rows[i].size() - 1];
    text += std::string(2 * depth, ' ') + Printable(std::string(shown.text)) + "\n";
  }
  return text;
}

std::string ExplainText(sql::Dialect dialect, bool analyze) {
  if (dialect == sql::Dialect::kSqlite) return "explain query plan ";
  return analyze ? "explain (analyze, buffers) " : "explain ";
}

Task<Result<std::string>> ExplainAll(Workspace& workspace, const Options& options, Assignments assignments) {
  TM_CO_TRY_ASSIGN(const BoundQuery query, co_await Bind(workspace, options, std::move(assignments)));
  const bool reads = workspace.project.dialect == sql::Dialect::kSqlite;  // its plans run nothing
  const auto begun =
      co_await workspace.database().Begin({.access = reads ? sql::Access::kRead : sql::Access::kWrite});
  if (!begun) co_return std::unexpected(sql::ToError(begun.error()));
  sql::Transaction& transaction = **begun;
  const std::string& role_claim = workspace.project.settings.queries.role_claim;
  if (const auto set = co_await BoundQuery::SetClaims(query, transaction, role_claim); !set) {
    co_return std::unexpected(sql::ToError(set.error()));
  }
  std::string text;
  for (sql::Call& call : query.Calls()) {
    const std::string what = ExplainText(workspace.project.dialect, options.analyze) + call.statement.text();
    call.statement =
        sql::Statement(what, {.reuse = sql::Reuse::kOnce, .parameter_oids = call.statement.parameter_oids()});
    const auto plan = co_await transaction.Run(std::move(call));
    if (!plan) co_return std::unexpected(sql::ToError(plan.error()));
    text += (text.empty() ? "" : "\n") + PlanText(plan->rows, workspace.project.dialect);
  }
  co_await transaction.Rollback();
  co_return text;
}

using Work = Task<Result<std::string>> (*)(Workspace&, const Options&, Assignments);

int Do(const Options& options, sql::Access access, Work work, Io io) {
  auto assignments = ParseAssignments(options.values);
  if (!assignments) return Misused(io, assignments.error().detail);
  auto workspace = OpenWorkspace(options.project, DatabaseChoice::kOfSettings, access);
  if (!workspace) return Failed(io, workspace.error().detail);
  const auto text = workspace->Run(work(*workspace, options, *std::move(assignments)));
  if (!text) return Failed(io, text.error().detail);
  Print(io, *text);
  return kDone;
}

// A database of SQLite that a server has open is only read.
sql::Access AccessFor(const Options& options) {
  return options.name.ends_with(".get.sql") || options.name.starts_with("get_") ||
                 options.name.starts_with("GET ")
             ? sql::Access::kRead
             : sql::Access::kWrite;
}

std::vector<Parameter> ParametersOf(Options& options) {
  std::vector<Parameter> parameters = {
      {.name = "NAME", .value = &options.name, .help = "The file, \"GET /path\", or the operation's id"},
      {.name = "PARAMETER=VALUE",
       .value = &options.values,
       .help = "Also limit, sort and so on, and claims.NAME of the caller",
       .optional = true}};
  for (Parameter& each : ProjectParameters(options.project)) parameters.push_back(std::move(each));
  return parameters;
}

}  // namespace

CommandSpec QueriesRunCommand() {
  const auto options = std::make_shared<Options>();
  std::vector<Parameter> parameters = ParametersOf(*options);
  parameters.push_back({"--undo", &options->undo, "Rolls back what it has done, when it has been shown"});
  return {.name = "run",
          .help = "Runs an endpoint without a server, and prints what its answer would be",
          .examples =
              "  tidemill migrate up\n"
              "  tidemill queries run products.get.sql limit=2\n"
              "  tidemill queries run orders.post.sql sub=ann product_id=1 --undo\n"
              "\nThe database is the one that is set, else that of serve --dev. @auth is not looked at.\n",
          .parameters = std::move(parameters),
          .settings = &options->project.settings,
          .run = [options](Io io) { return Do(*options, AccessFor(*options), RunOnce, io); }};
}

CommandSpec QueriesExplainCommand() {
  const auto options = std::make_shared<Options>();
  std::vector<Parameter> parameters = ParametersOf(*options);
  parameters.push_back({"--analyze", &options->analyze, "PostgreSQL: runs it, measures, and rolls it back"});
  return {.name = "explain",
          .help = "Shows how the database would run an endpoint's statements",
          .examples = "  tidemill queries explain orders.get.sql sub=ann\n",
          .parameters = std::move(parameters),
          .settings = &options->project.settings,
          .run = [options](Io io) { return Do(*options, sql::Access::kRead, ExplainAll, io); }};
}

}  // namespace tidemill::cli
