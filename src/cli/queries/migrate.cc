#include "cli/queries/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/json.h"
#include "cli/queries/file_problems.h"
#include "cli/queries/new_file.h"
#include "cli/queries/project.h"
#include "cli/table.h"
#include "queries/migrations/apply.h"
#include "queries/migrations/record.h"
#include "queries/migrations/status.h"

namespace tidemill::cli {
namespace {

using migrations::MigrationState;
using migrations::MigrationStatus;

struct Options {
  ProjectOptions project;
  std::string name;
  bool json = false;
};

// A command of ours is patient: what a server gives up after seconds, a migration may need.
constexpr Duration kNoLimit{};

struct Context {
  Project project;
  std::unique_ptr<net::Loop> loop;
  std::unique_ptr<OpenedDatabase> opened;
};

Result<Context> MakeContext(const Options& options, sql::Access access) {
  Context context;
  TM_TRY_ASSIGN(context.project, OpenProject(options.project));
  settings::Settings& settings = context.project.settings;
  settings.postgres.statement_timeout = kNoLimit;
  settings.postgres.lock_timeout = kNoLimit;
  const sql::SchemaOptions limits;
  settings.sqlite.statement_timeout = limits.statement_max;
  settings.sqlite.transaction_timeout = limits.statement_max;
  TM_TRY_ASSIGN(context.loop, net::Loop::Open({}));
  TM_TRY_ASSIGN(context.opened, OpenDatabase(*context.loop, context.project, access));
  return context;
}

Task<Result<migrations::Outcome>> ApplyAll(net::Loop& loop, OpenedDatabase& opened, const Project& project) {
  TM_CO_TRY(co_await opened.Connect());
  co_return co_await migrations::Apply(loop, opened.database(), project.files, project.SchemaOptions());
}

std::string ToJson(const Project& project, const migrations::Outcome& outcome) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("database", Name(project.dialect));
  json.Key("applied");
  json.BeginArray();
  for (const migrations::AppliedNow& each : outcome.applied) {
    json.BeginObject();
    json.Member("number", each.number);
    json.Member("file", each.path);
    json.Member("took_ms", each.took.ms);
    json.EndObject();
  }
  json.EndArray();
  json.Key("problems");
  json.BeginArray();
  AppendProblems(project.folder, *project.files, outcome.problems, json);
  json.EndArray();
  json.EndObject();
  return text + "\n";
}

int Up(const Options& options, Io io) {
  auto context = MakeContext(options, sql::Access::kWrite);
  if (!context) return Failed(io, context.error().detail);
  const Project& project = context->project;
  const auto outcome =
      RunAndEnd(*context->loop, context->opened, ApplyAll(*context->loop, *context->opened, project));
  if (!outcome) return Failed(io, outcome.error().detail);
  const bool stopped = !outcome->problems.empty();
  if (options.json) {
    Print(io, ToJson(project, *outcome));
    return stopped ? kFailed : kDone;
  }
  for (const migrations::AppliedNow& each : outcome->applied) {
    Print(io, fmt::format("{}: applied in {} ms\n", each.path, each.took.ms));
  }
  if (stopped) {
    PrintError(io, ProblemsText(project.folder, *project.files, outcome->problems));
    return Failed(io, outcome->applied.empty() ? "nothing was applied" : "the rest was not applied");
  }
  if (outcome->applied.empty()) Print(io, fmt::format("nothing is pending ({})\n", project.DatabaseName()));
  return kDone;
}

Task<Result<std::vector<migrations::RecordedMigration>>> ReadAll(OpenedDatabase& opened,
                                                                 const Project& project) {
  TM_CO_TRY(co_await opened.Connect());
  auto record = co_await migrations::ReadRecord(opened.database(), project.SchemaOptions());
  if (!record) co_return std::unexpected(sql::ToError(record.error()));
  co_return *std::move(record);
}

std::string ToText(const std::vector<MigrationStatus>& all) {
  if (all.empty()) return "there are no migrations\n";
  Table table({{.head = "NUMBER", .is_number = true}, {"NAME"}, {"STATE"}, {"APPLIED"}});
  for (const MigrationStatus& each : all) {
    table.Add({fmt::to_string(each.number), each.name, std::string(Name(each.state)),
               each.applied_at.empty() ? "" : fmt::format("{} by {}", each.applied_at, each.applied_by)});
  }
  return table.ToText();
}

std::string ToJson(const Project& project, const std::vector<MigrationStatus>& all,
                   const std::vector<files::FileProblem>& problems) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("database", Name(project.dialect));
  json.Key("migrations");
  json.BeginArray();
  for (const MigrationStatus& each : all) {
    json.BeginObject();
    json.Member("number", each.number);
    json.Member("name", each.name);
    json.Member("file", each.path);
    json.Member("state", Name(each.state));
    json.Member("applied_at", each.applied_at);
    json.Member("applied_by", each.applied_by);
    json.EndObject();
  }
  json.EndArray();
  json.Key("problems");
  json.BeginArray();
  AppendProblems(project.folder, *project.files, problems, json);
  json.EndArray();
  json.EndObject();
  return text + "\n";
}

int Status(const Options& options, Io io) {
  auto context = MakeContext(options, sql::Access::kRead);
  if (!context) return Failed(io, context.error().detail);
  const Project& project = context->project;
  const auto record = RunAndEnd(*context->loop, context->opened, ReadAll(*context->opened, project));
  if (!record) return Failed(io, record.error().detail);
  const auto all = JudgeMigrations(*project.files, *record);
  const auto problems = FindProblems(*project.files, project.dialect, *record);
  Print(io, options.json ? ToJson(project, all, problems) : ToText(all));
  if (problems.empty()) return kDone;
  if (!options.json) PrintError(io, ProblemsText(project.folder, *project.files, problems));
  return kFailed;
}

// "Add Orders" and "add-orders" are add_orders.
std::string ToName(std::string_view asked) {
  std::string name = ToLower(asked);
  std::ranges::replace_if(name, [](char c) { return c == ' ' || c == '-'; }, '_');
  return name;
}

int New(const Options& options, Io io) {
  const auto settings = LoadSettings(options.project.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const std::string folder = ChooseFolder(*settings, options.project.folder);
  const auto path = NewMigration(folder, ToName(options.name));
  if (!path) return Failed(io, path.error().detail);
  Print(io, *path + "\n");
  return kDone;
}

CommandSpec UpCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "up",
          .help = "Applies what is missing, in order, each in a transaction",
          .examples =
              "  tidemill migrate up --storage.sqlite.path shop.db\n"
              "\nSeveral may run at once: each migration is applied by one of them.\n",
          .parameters = ProjectParameters(
              options->project, {{"--json", &options->json, "Prints what was done as one line of JSON"}}),
          .settings = &options->project.settings,
          .run = [options](Io io) { return Up(*options, io); }};
}

CommandSpec StatusCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "status",
          .help = "Shows where each stands; fails if one was changed, went or comes too late",
          .examples =
              "  tidemill migrate status --storage.sqlite.path shop.db\n"
              "  tidemill migrate status --storage.sqlite.path shop.db --json\n",
          .parameters = ProjectParameters(options->project,
                                          {{"--json", &options->json, "Prints it as one line of JSON"}}),
          .settings = &options->project.settings,
          .run = [options](Io io) { return Status(*options, io); }};
}

CommandSpec NewCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "new",
          .help = "Makes the next file in the folder migrations, and prints its name",
          .examples = "  tidemill migrate new add_invoices\n",
          .parameters = {{.name = "NAME", .value = &options->name, .help = "Letters, digits and _"},
                         ProjectParameters(options->project).front()},
          .settings = &options->project.settings,
          .run = [options](Io io) { return New(*options, io); }};
}

}  // namespace

CommandSpec MigrateCommand() {
  return {.name = "migrate",
          .help = "Applies and shows the migrations of a folder of .sql files",
          .commands = {UpCommand(), StatusCommand(), NewCommand()}};
}

}  // namespace tidemill::cli
