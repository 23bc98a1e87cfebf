#include "cli/queries/queries_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/queries/file_problems.h"
#include "cli/queries/test_script.h"
#include "cli/queries/workspace.h"
#include "queries/catalog/describe.h"

namespace tidemill::cli {
namespace {

struct Options {
  ProjectOptions project;
  bool dev = false;
  bool json = false;
};

// Which changes have a live query asked anew.
struct LiveEndpoint {
  std::string path;
  std::string column;  // those of rows that have a parameter's value there: "public.orders.customer"
  std::string why;     // "" of column: any change of its tables, and this is why
};

struct Checked {
  std::vector<files::FileProblem> files;        // of files, without a database
  std::vector<queries::BrokenEndpoint> broken;  // what the database says
  std::vector<LiveEndpoint> live;               // whose changes are noticed
  std::size_t endpoints = 0;                    // that are sound
  std::size_t pending = 0;

  std::size_t problems() const { return files.size() + broken.size() + (pending > 0 ? 1 : 0); }
};

std::vector<files::FileProblem> ProblemsOf(const files::FileSet& set, sql::Dialect dialect) {
  std::vector<files::FileProblem> all;
  for (const auto& file : set.files) {
    if (file->kind == files::FileKind::kMigration) continue;  // Readiness has them
    const bool test = file->kind == files::FileKind::kTest && file->problems.empty();
    for (const files::Problem& problem :
         test ? ReadTestScript(file->text, dialect).problems : file->problems) {
      all.push_back({.path = file->path, .problem = problem});
    }
  }
  for (const files::FileProblem& each : set.problems) {
    const files::File* const file = set.Find(each.path);
    if (file == nullptr || file->kind != files::FileKind::kMigration) all.push_back(each);
  }
  return all;
}

std::vector<LiveEndpoint> LiveOnes(const queries::Catalog& catalog) {
  std::vector<LiveEndpoint> all;
  for (const auto& each : catalog.endpoints) {
    if (!each->query->live || each->query->live->poll) continue;
    const auto& key = each->live_key;
    all.push_back({.path = each->file->path,
                   .column = key ? key->table + "." + key->column : "",
                   .why = each->why_no_live_key});
  }
  return all;
}

Task<Result<Checked>> CheckAll(Workspace& workspace, queries::DescribeOptions options) {
  Checked checked{.files = ProblemsOf(*workspace.project.files, workspace.project.dialect)};
  TM_CO_TRY_ASSIGN(Readiness readiness, co_await Ready(workspace));
  checked.pending = readiness.pending;
  const bool no_tables = workspace.fresh != nullptr && !readiness.problems.empty();
  for (files::FileProblem& problem : readiness.problems) checked.files.push_back(std::move(problem));
  std::ranges::sort(checked.files, {}, &files::FileProblem::path);
  if (no_tables) co_return checked;
  TM_CO_TRY_ASSIGN(const std::shared_ptr<const queries::Catalog> catalog,
                   co_await queries::Describe(*workspace.loop, workspace.database(), workspace.project.files,
                                              nullptr, options));
  checked.endpoints = catalog->endpoints.size();
  checked.live = LiveOnes(*catalog);
  for (const queries::BrokenEndpoint& broken : catalog->broken) {
    const files::File* const file = workspace.project.files->Find(broken.path);
    const bool sound = file != nullptr && workspace.project.files->IsSound(*file);
    if (sound) checked.broken.push_back(broken);
  }
  co_return checked;
}

std::string PendingText(std::size_t pending) {
  return fmt::format("{} pending: endpoints were looked at without {}; tidemill migrate up",
                     pending == 1 ? "1 migration is" : fmt::format("{} migrations are", pending),
                     pending == 1 ? "it" : "them");
}

std::string Summary(const Checked& checked) {
  const auto count = [](std::size_t n, std::string_view what) {
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
  };
  const std::size_t problems = checked.problems();
  return fmt::format("{}, {}\n", count(checked.endpoints, "sound endpoint"),
                     problems == 0 ? "no problems" : count(problems, "problem"));
}

std::string AskedAnew(const LiveEndpoint& live) {
  if (!live.column.empty()) return fmt::format("a row with its {} changes", live.column);
  return fmt::format("any row of its tables changes: {}", live.why);
}

std::string ToText(const Project& project, const Checked& checked) {
  std::string text = ProblemsText(project.folder, *project.files, checked.files);
  for (const queries::BrokenEndpoint& broken : checked.broken) {
    text += project.folder + "/" + broken.reason + "\n";
  }
  for (const LiveEndpoint& each : checked.live) {
    text += fmt::format("{}/{}: live; asked anew when {}\n", project.folder, each.path, AskedAnew(each));
  }
  if (checked.pending > 0) text += PendingText(checked.pending) + "\n";
  return text + Summary(checked);
}

std::string ToJson(const Project& project, const Checked& checked) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("database", Name(project.dialect));
  json.Member("endpoints", checked.endpoints);
  json.Member("pending", checked.pending);
  json.Key("problems");
  json.BeginArray();
  AppendProblems(project.folder, *project.files, checked.files, json);
  for (const queries::BrokenEndpoint& broken : checked.broken) {
    AppendReason(project.folder, broken.path, broken.reason, json);
  }
  json.EndArray();
  json.Key("live");
  json.BeginArray();
  for (const LiveEndpoint& each : checked.live) {
    json.BeginObject();
    json.Member("file", project.folder + "/" + each.path);
    json.Member("keyed_by", each.column);
    json.Member("why_not_keyed", each.why);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return text + "\n";
}

int Check(const Options& options, Io io) {
  auto workspace = OpenWorkspace(options.project, DatabaseChoice::kFreshIfNotSet, sql::Access::kRead);
  if (!workspace) return Failed(io, workspace.error().detail);
  const bool strict = workspace->project.dialect == sql::Dialect::kSqlite && !options.dev;
  const auto checked = workspace->Run(CheckAll(
      *workspace, {.without_auth = strict ? queries::WithoutAuth::kRefused : queries::WithoutAuth::kServed}));
  if (!checked) return Failed(io, checked.error().detail);
  const Project& project = workspace->project;
  Print(io, options.json ? ToJson(project, *checked) : ToText(project, *checked));
  return checked->problems() == 0 ? kDone : kFailed;
}

}  // namespace

CommandSpec QueriesCheckCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "check",
      .help = "Says everything that is wrong with the files, and fails if anything is",
      .examples =
          "  tidemill queries check\n"
          "  tidemill queries check --json\n"
          "\nIf no database is set, the files are held to one that their own migrations make, in SQLite.\n",
      .parameters = ProjectParameters(
          options->project, {{"--dev", &options->dev, "Lets files without @auth pass, as serve --dev does"},
                             {"--json", &options->json, "Prints what it finds as one line of JSON"}}),
      .settings = &options->project.settings,
      .run = [options](Io io) { return Check(*options, io); }};
}

}  // namespace tidemill::cli
