#include "server/dash_page.h"

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
#embed "../../web/dash/dist/index.html"
};
constexpr char kScript[] = {
#embed "../../web/dash/dist/dash.js"
};
constexpr char kStyle[] = {
#embed "../../web/dash/dist/dash.css"
};
#pragma clang diagnostic pop

// What a database holds reaches the page as data; a text that became markup all the same could run nothing,
// send nothing elsewhere, and be shown in no frame.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'";

constexpr http::EmbeddedFile kFiles[] = {
    {"/", "text/html; charset=utf-8", http::Embedded(kHtml)},
    {"/dash.js", "text/javascript; charset=utf-8", http::Embedded(kScript)},
    {"/dash.css", "text/css; charset=utf-8", http::Embedded(kStyle)},
};

std::string ConfigJson(const settings::Settings& settings) {
  const bool live = settings.queries_live.enabled && settings.broker.type != "redis";
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("version", kVersion);
  json.Member("rest", settings.queries.prefix);
  json.Member("websocket", settings.websocket.handler_prefix);
  // "": nothing can be followed, so the page asks again and again.
  json.Member("live", live ? settings.queries_live.name_space : "");
  json.Member("accounts", settings.accounts.enabled);
  json.EndObject();
  return text;
}

}  // namespace

void AddDashPageRoutes(http::Router& router, const settings::Settings& settings) {
  AddPage(router, {.path = "/dash", .files = kFiles, .policy = kPolicy, .config = ConfigJson(settings)});
}

}  // namespace tidemill::server
