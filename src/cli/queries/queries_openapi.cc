#include "cli/queries/queries_openapi.h"

#include <memory>
#include <string>

#include "cli/queries/catalog_of.h"
#include "cli/queries/workspace.h"
#include "queries/openapi/openapi.h"

namespace tidemill::cli {
namespace {

struct Options {
  ProjectOptions project;
};

int PrintOpenApi(const Options& options, Io io) {
  auto workspace = OpenWorkspace(options.project, DatabaseChoice::kFreshIfNotSet, sql::Access::kRead);
  if (!workspace) return Failed(io, workspace.error().detail);
  const auto catalog = workspace->Run(CatalogOf(*workspace));
  if (!catalog) return Failed(io, catalog.error().detail);
  for (const queries::BrokenEndpoint& broken : (*catalog)->broken) PrintError(io, broken.reason + "\n");
  Print(io,
        queries::OpenApiDocument(**catalog, {.prefix = workspace->project.settings.queries.prefix}) + "\n");
  if ((*catalog)->broken.empty()) return kDone;
  return Failed(io, "endpoints are left out; tidemill queries check says all that is wrong");
}

}  // namespace

CommandSpec QueriesOpenApiCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "openapi",
          .help = "Prints the OpenAPI document of the endpoints, as a server has it at /rest/openapi.json",
          .examples = "  tidemill queries openapi >openapi.json\n",
          .parameters = ProjectParameters(options->project),
          .settings = &options->project.settings,
          .run = [options](Io io) { return PrintOpenApi(*options, io); }};
}

}  // namespace tidemill::cli
