#include "queries/endpoint/settings.h"

#include "config/section.h"
#include "http/settings.h"

namespace tidemill::queries {
namespace {

constexpr config::Row<QueriesSettings> kQueries[] = {
    {"folder",
     config::Of<&QueriesSettings::folder>,
     {.doc = "Folder of .sql files, each an endpoint; it is watched. Nothing is served while this is empty; "
             "`serve --dev` takes ./queries if that is there.",
      .reload = config::Reload::kNo}},
    {"prefix",
     config::Of<&QueriesSettings::prefix>,
     {.doc = "Path that the endpoints' paths stand below.", .reload = config::Reload::kNo}},
    {"statement_timeout",
     config::Of<&QueriesSettings::statement_timeout>,
     {.doc = "How long the database may take for a request, its waiting for a connection included; a file's "
             "@timeout goes before it. Then the answer is 504.",
      .min = 1,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"pool_wait",
     config::Of<&QueriesSettings::pool_wait>,
     {.doc = "How long a request waits for a connection of PostgreSQL (storage.postgres.pool.wait_max holds "
             "too) or for its turn in SQLite. Then the answer is 503 with Retry-After, and nothing has "
             "happened.",
      .min = 1,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"rows_max",
     config::Of<&QueriesSettings::rows_max>,
     {.doc = "Rows of one answer that is not streamed; more are an error.",
      .min = 1,
      .max = 100'000'000,
      .reload = config::Reload::kNo}},
    {"body_max",
     config::Of<&QueriesSettings::body_max>,
     {.doc = "Bytes of a request's body; http_server.max_request_body_bytes holds too.",
      .min = 1024,
      .max = config::kGiB,
      .reload = config::Reload::kNo}},
    {"concurrency_per_endpoint",
     config::Of<&QueriesSettings::concurrency_per_endpoint>,
     {.doc = "Requests to one endpoint that are under way at once, on each loop; one more is answered 503.",
      .min = 1,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"postgres.role_claim",
     config::Of<&QueriesSettings::role_claim>,
     {.doc =
          "The claim of a token that names the role of PostgreSQL that its requests run as, and that @auth "
          "role: looks at. A token without it counts as none.",
      .reload = config::Reload::kNo}},
    {"postgres.anonymous_role",
     config::Of<&QueriesSettings::anonymous_role>,
     {.doc = "The role of PostgreSQL that requests without a token, or whose token names none, run as; when "
             "empty, the one that we connect as. That is an API key's role, too.",
      .reload = config::Reload::kNo}},
};

void Check(const QueriesSettings& queries, const std::string& prefix, config::Findings& findings) {
  http::CheckPathPrefix(prefix + "prefix", queries.prefix, findings);
  if (queries.folder.contains('\0')) {
    findings.push_back({.key = prefix + "folder", .text = ": a path has no NUL"});
  }
}

}  // namespace

config::Section<QueriesSettings> QueriesSection() { return {.rows = kQueries, .check = Check}; }

}  // namespace tidemill::queries
