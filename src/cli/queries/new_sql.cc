#include "cli/queries/new_sql.h"

#include <fmt/format.h>

#include <memory>
#include <string>

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

int New(const Options& options, Io io) {
  const bool postgres = options.database == "postgres";
  for (const ProjectFile& file :
       ProjectTemplate(postgres ? sql::Dialect::kPostgres : sql::Dialect::kSqlite)) {
    const auto written = WriteNewFile(fmt::format("{}/{}", options.folder, file.path), file.text);
    if (!written) return Failed(io, written.error().detail);
  }
  Print(io, fmt::format(fmt::runtime(postgres ? kNextPostgres : kNext), Printable(options.folder)));
  return kDone;
}

CommandSpec NewSqlCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "sql",
          .help = "Writes a project of .sql files that are endpoints: a migration, five of them, a test",
          .examples =
              "  tidemill new sql shop\n"
              "  tidemill new sql shop-on-postgres --database postgres\n",
          .parameters = {{.name = "DIR",
                          .value = &options->folder,
                          .help = "Where to; a file that is there already stays as it is, and ends it",
                          .is_file = true},
                         {.name = "--database",
                          .value = &options->database,
                          .help = "What it is for",
                          .choices = {"sqlite", "postgres"}}},
          .run = [options](Io io) { return New(*options, io); }};
}

}  // namespace

CommandSpec NewCommand() {
  return {.name = "new", .help = "Writes a small project that works", .commands = {NewSqlCommand()}};
}

}  // namespace tidemill::cli
