#include "cli/queries/new_sql.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/queries/live_template.h"
#include "cli/queries/new_file.h"
#include "cli/queries/project_template.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct Options {
  std::string folder;
  std::string database = "sqlite";
};

constexpr std::string_view kNext = R"text(wrote {0}: a migration, five endpoints and a test. Next:

  cd {0}
  tidemill queries test
  tidemill serve --dev

and beside it, in another terminal:

  curl http://localhost:8000/rest/products
  TOKEN="$(tidemill token create --user ann)"
  curl -H "Authorization: Bearer $TOKEN" -d product_id=1 http://localhost:8000/rest/orders
  curl -H "Authorization: Bearer $TOKEN" http://localhost:8000/rest/orders

All endpoints, to read and to try: http://localhost:8000/rest/
)text";

constexpr std::string_view kNextPostgres = R"text(wrote {0}: a migration, five endpoints and a test. Next:

  cd {0}
  export TIDEMILL_STORAGE_POSTGRES_URL=postgres://localhost/shop
  tidemill migrate up
  tidemill queries test
  tidemill serve --dev
)text";

constexpr std::string_view kNextLive = R"text(wrote {0}: a migration, and a dashboard of four queries. Next:

  cd {0}
  tidemill serve --dev

Open the link to /dash/ that it prints. In another terminal, and see the page change:

  cd {0}
  TOKEN="$(tidemill token create --user ann)"
  curl -H "Authorization: Bearer $TOKEN" -d region=north -d product=tea -d amount_cents=990 \
       http://localhost:8000/rest/sales/add
)text";

constexpr std::string_view kNextLivePostgres =
    R"text(wrote {0}: a migration, and a dashboard of four queries. Next:

  cd {0}
  export TIDEMILL_STORAGE_POSTGRES_URL=postgres://localhost/shop
  tidemill migrate up
  tidemill serve --dev

Open the link to /dash/ that it prints, insert into the table sales with psql, and see the page change.
)text";

// What is made: its files, and what is said then.
struct Template {
  std::vector<ProjectFile> (*files)(sql::Dialect dialect);
  std::string_view next;
  std::string_view next_postgres;
};

int New(const Template& made, const Options& options, Io io) {
  const bool postgres = options.database == "postgres";
  for (const ProjectFile& file : made.files(postgres ? sql::Dialect::kPostgres : sql::Dialect::kSqlite)) {
    const auto written = WriteNewFile(fmt::format("{}/{}", options.folder, file.path), file.text);
    if (!written) return Failed(io, written.error().detail);
  }
  Print(io, fmt::format(fmt::runtime(postgres ? made.next_postgres : made.next), Printable(options.folder)));
  return kDone;
}

// `spec` has no parameters yet.
CommandSpec Making(CommandSpec spec, Template made) {
  const auto options = std::make_shared<Options>();
  spec.parameters = {{.name = "DIR",
                      .value = &options->folder,
                      .help = "Where to; a file that is there already stays as it is, and ends it",
                      .is_file = true},
                     {.name = "--database",
                      .value = &options->database,
                      .help = "What it is for",
                      .choices = {"sqlite", "postgres"}}};
  spec.run = [options, made](Io io) { return New(made, *options, io); };
  return spec;
}

}  // namespace

CommandSpec NewCommand() {
  CommandSpec sql{
      .name = "sql",
      .help = "Writes a project of .sql files that are endpoints: a migration, five of them, a test",
      .examples =
          "  tidemill new sql shop\n"
          "  tidemill new sql shop-on-postgres --database postgres\n"};
  CommandSpec live{.name = "live",
                   .help = "Writes a project of .sql files that are a live dashboard",
                   .examples =
                       "  tidemill new live sales\n"
                       "  tidemill new live sales-on-postgres --database postgres\n"};
  return {
      .name = "new",
      .help = "Writes a small project that works",
      .commands = {
          Making(std::move(sql), {.files = ProjectTemplate, .next = kNext, .next_postgres = kNextPostgres}),
          Making(std::move(live),
                 {.files = LiveTemplate, .next = kNextLive, .next_postgres = kNextLivePostgres})}};
}

}  // namespace tidemill::cli
