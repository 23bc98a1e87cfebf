#include "server/console.h"

#include <string>

#include "base/json_writer.h"
#include "server/page.h"
#include "server/version.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr char kHtml[] = {
#embed "../../web/console/dist/index.html"
};
constexpr char kScript[] = {
#embed "../../web/console/dist/console.js"
};
constexpr char kStyle[] = {
#embed "../../web/console/dist/console.css"
};
#pragma clang diagnostic pop

// What people write reaches the page as data; a text that became markup all the same could run nothing, send
// nothing elsewhere, and be shown in no frame.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'";

constexpr http::EmbeddedFile kFiles[] = {
    {"/", "text/html; charset=utf-8", http::Embedded(kHtml)},
    {"/console.js", "text/javascript; charset=utf-8", http::Embedded(kScript)},
    {"/console.css", "text/css; charset=utf-8", http::Embedded(kStyle)},
};

// Nothing that somebody without a key could not find out by asking.
std::string ConfigJson(const settings::Settings& settings) {
  const bool one_port = settings.http_server.internal_listen.empty();
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("version", kVersion);
  json.Member("api", settings.http_api.handler_prefix);
  json.Member("needs_key", !settings.http_api.insecure);
  json.Member("accounts", settings.accounts.enabled);
  json.Member("read_only", settings.console_read_only);
  json.Member("metrics", settings.prometheus_enabled);
  json.Member("ready", settings.health_enabled);
  json.Member("jobs", settings.jobs.enabled);
  json.Member("outbox", settings.outbox.enabled);
  json.Member("queries", settings.queries.given());
  // "": they are on the public port, and this page is not.
  json.Member("rest", settings.queries.given() && one_port ? settings.queries.prefix : "");
  json.EndObject();
  return text;
}

}  // namespace

void AddConsoleRoutes(http::Router& router, const settings::Settings& settings) {
  AddPage(router, {.path = "/console", .files = kFiles, .policy = kPolicy, .config = ConfigJson(settings)});
}

}  // namespace tidemill::server
