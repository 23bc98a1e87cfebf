#include "cli/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "cli/build_facts.h"
#include "cli/opened_database.h"
#include "cli/settings.h"
#include "cli/table.h"
#include "settings/settings.h"
#include "sql/schema/apply_schema.h"
#include "sql/schema/print_schema.h"

namespace tidemill::cli {
namespace {

using sql::AppliedNow;
using sql::ModuleState;
using sql::Schema;
using Schemas = std::shared_ptr<const std::vector<Schema>>;

struct Options {
  SettingsOptions settings;
  std::string database;  // "": the one that is set
  std::string module;    // "": all
  std::string after = "0";
  bool json = false;
};

Task<Result<std::vector<ModuleState>>> ReadStates(OpenedDatabase& opened, const std::vector<Schema>& schemas,
                                                  sql::SchemaOptions options) {
  TM_CO_TRY(co_await opened.Connect());
  const auto applied = co_await ReadAppliedVersions(opened.database(), std::move(options));
  if (!applied) co_return std::unexpected(sql::ToError(applied.error()));
  co_return JudgeSchemas(schemas, *applied, opened.database().dialect());
}

Task<Result<std::vector<AppliedNow>>> ApplyAll(net::Loop& loop, OpenedDatabase& opened,
                                               const std::vector<Schema>& schemas,
                                               sql::SchemaOptions options) {
  TM_CO_TRY(co_await opened.Connect());
  co_return co_await ApplySchemas(loop, opened.database(), schemas, std::move(options));
}

sql::SchemaOptions SchemaOptionsOf(const settings::Settings& settings) {
  return {.postgres_schema = settings.postgres.schema, .applied_by = std::string(kVersion)};
}

struct Context {
  settings::Settings settings;
  sql::Dialect dialect = sql::Dialect::kSqlite;
  std::unique_ptr<net::Loop> loop;
  std::unique_ptr<OpenedDatabase> opened;
};

Result<Context> MakeContext(const Options& options, sql::Access access) {
  log::Configure({.level = log::Level::kOff});
  Context context;
  TM_TRY_ASSIGN(context.settings, LoadSettings(options.settings));
  TM_TRY_ASSIGN(context.dialect, ChooseDialect(context.settings, options.database));
  TM_TRY_ASSIGN(context.loop, net::Loop::Open({}));
  TM_TRY_ASSIGN(context.opened,
                OpenedDatabase::Open(*context.loop, context.settings, context.dialect, access));
  return context;
}

std::string ToJson(const Context& context, const std::vector<ModuleState>& states) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("database", Name(context.dialect));
  if (context.dialect == sql::Dialect::kPostgres) json.Member("schema", context.settings.postgres.schema);
  json.Key("modules");
  json.BeginArray();
  for (const ModuleState& state : states) {
    json.BeginObject();
    json.Member("module", state.module);
    json.Member("state", Name(state.verdict));
    json.Member("applied", state.applied);
    json.Member("known", state.known);
    json.Member("applied_at", state.applied_at);
    json.Member("applied_by", state.applied_by);
    json.Member("problem", state.problem);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return text + "\n";
}

std::string ToText(const std::vector<ModuleState>& states) {
  if (states.empty()) return "no module of this program has tables\n";
  Table table({{"MODULE"},
               {"STATE"},
               {.head = "APPLIED", .is_number = true},
               {.head = "KNOWN", .is_number = true},
               {"LAST"}});
  for (const ModuleState& state : states) {
    const std::string last =
        state.applied == 0 ? "" : fmt::format("{} by {}", state.applied_at, state.applied_by);
    table.Add({state.module, std::string(Name(state.verdict)), fmt::to_string(state.applied),
               fmt::to_string(state.known), last});
  }
  std::string text = table.ToText();
  for (const ModuleState& state : states) {
    if (!state.problem.empty()) text += Printable(state.problem) + "\n";
  }
  return text;
}

// What this program may not go on with.
bool IsWrong(const ModuleState& state) {
  return !state.problem.empty() && state.verdict != sql::SchemaVerdict::kUnknown;
}

int Status(const Options& options, const std::vector<Schema>& schemas, Io io) {
  auto context = MakeContext(options, sql::Access::kRead);
  if (!context) return Failed(io, context.error().detail);
  const auto states = RunAndEnd(*context->loop, context->opened,
                                ReadStates(*context->opened, schemas, SchemaOptionsOf(context->settings)));
  if (!states) return Failed(io, states.error().detail);
  Print(io, options.json ? ToJson(*context, *states) : ToText(*states));
  return std::ranges::any_of(*states, IsWrong) ? kFailed : kDone;
}

int Apply(const Options& options, const std::vector<Schema>& schemas, Io io) {
  auto context = MakeContext(options, sql::Access::kWrite);
  if (!context) return Failed(io, context.error().detail);
  const auto applied =
      RunAndEnd(*context->loop, context->opened,
                ApplyAll(*context->loop, *context->opened, schemas, SchemaOptionsOf(context->settings)));
  if (!applied) return Failed(io, applied.error().detail);
  for (const AppliedNow& each : *applied) {
    Print(io, fmt::format("module {}: version {} applied\n", each.module, each.version));
  }
  if (applied->empty()) Print(io, "nothing is missing\n");
  return kDone;
}

int PrintScripts(const Options& options, const std::vector<Schema>& schemas, Io io) {
  const auto settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const bool sqlite = options.database == "sqlite" ||
                      (options.database.empty() && !settings->postgres.given() && settings->sqlite.given());
  std::uint32_t after = 0;
  const char* const end = options.after.data() + options.after.size();
  if (const auto [stop, error] = std::from_chars(options.after.data(), end, after);
      error != std::errc{} || stop != end) {
    return Misused(io, fmt::format("--after: \"{}\" is not a version", Printable(options.after)));
  }
  bool found = options.module.empty();
  for (const Schema& schema : schemas) {
    if (!options.module.empty() && options.module != schema.module) continue;
    found = true;
    Print(io, PrintSchema(schema, sqlite ? sql::Dialect::kSqlite : sql::Dialect::kPostgres,
                          SchemaOptionsOf(*settings), after));
  }
  if (!found) return Failed(io, fmt::format("there is no module {} with tables", Printable(options.module)));
  return kDone;
}

Parameter DatabaseParameter(Options& options) {
  return {.name = "--database",
          .value = &options.database,
          .help = "Which one, where two are set",
          .choices = {"postgres", "sqlite"}};
}

CommandSpec StatusCommand(const Schemas& schemas) {
  const auto options = std::make_shared<Options>();
  return {.name = "status",
          .help = "Says which versions the database has; fails if this program must not use it",
          .examples =
              "  tidemill schema status --storage.sqlite.path tidemill.db\n"
              "  tidemill schema status --storage.sqlite.path tidemill.db --json\n",
          .parameters = {DatabaseParameter(*options),
                         {"--json", &options->json, "Prints it as one line of JSON"}},
          .settings = &options->settings,
          .run = [options, schemas](Io io) { return Status(*options, *schemas, io); }};
}

CommandSpec ApplyCommand(const Schemas& schemas) {
  const auto options = std::make_shared<Options>();
  return {.name = "apply",
          .help = "Applies the versions that are missing",
          .examples = "  tidemill schema apply --storage.sqlite.path tidemill.db\n",
          .parameters = {DatabaseParameter(*options)},
          .settings = &options->settings,
          .run = [options, schemas](Io io) { return Apply(*options, *schemas, io); }};
}

CommandSpec PrintCommand(const Schemas& schemas) {
  const auto options = std::make_shared<Options>();
  return {.name = "print",
          .help = "Prints them as a script for psql or sqlite3 that records what it applies",
          .examples = "  tidemill schema print --storage.sqlite.path tidemill.db >schema.sql\n",
          .parameters = {{.name = "MODULE",
                          .value = &options->module,
                          .help = "Of this module; else of all",
                          .optional = true},
                         {.name = "--after",
                          .value = &options->after,
                          .help = "Only versions that follow this one"},
                         DatabaseParameter(*options)},
          .settings = &options->settings,
          .run = [options, schemas](Io io) { return PrintScripts(*options, *schemas, io); }};
}

}  // namespace

CommandSpec SchemaCommand(const std::vector<Schema>& schemas) {
  const auto shared = std::make_shared<const std::vector<Schema>>(schemas);
  return {.name = "schema",
          .help = "Shows, applies and prints the tables of this program in its database",
          .commands = {StatusCommand(shared), ApplyCommand(shared), PrintCommand(shared)}};
}

}  // namespace tidemill::cli
