#include "server/console.h"

#include <string>
#include <string_view>
#include <utility>

#include "base/json_writer.h"
#include "http/assets.h"
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

template <std::size_t N>
std::string Whole(const char (&bytes)[N]) {
  return {bytes, N};
}

void AddAsset(http::Router& router, std::string_view path, std::string content_type, std::string body) {
  router.Add(http::Method::kGet, path,
             http::MakeAssetHandler({.content_type = std::move(content_type),
                                     .body = std::move(body),
                                     .content_security_policy = kPolicy}));
}

// Nothing that somebody without a key could not find out by asking.
std::string ConfigJson(const settings::Settings& settings) {
  const bool one_port = settings.http_server.internal_listen.empty();
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("version", kVersion);
  json.Member("api", settings.http_api.handler_prefix);
  json.Member("needs_key", !settings.http_api.insecure);
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

class ConfigHandler final : public http::Handler {
 public:
  explicit ConfigHandler(std::string text) : text_(std::move(text)) {}
  Task<http::Response> Handle(const http::Request&) override {
    http::Response response = http::Response::Json(200, text_);
    response.headers.emplace_back("Cache-Control", "no-store");
    co_return response;
  }

 private:
  const std::string text_;
};

// What the page loads has addresses relative to the folder.
class ToFolderHandler final : public http::Handler {
 public:
  Task<http::Response> Handle(const http::Request&) override {
    http::Response response = http::Response::Text(308, "/console/");
    response.headers.emplace_back("Location", "console/");
    co_return response;
  }
};

}  // namespace

void AddConsoleRoutes(http::Router& router, const settings::Settings& settings) {
  router.Add(http::Method::kGet, "/console", std::make_shared<ToFolderHandler>());
  AddAsset(router, "/console/", "text/html; charset=utf-8", Whole(kHtml));
  AddAsset(router, "/console/console.js", "text/javascript; charset=utf-8", Whole(kScript));
  AddAsset(router, "/console/console.css", "text/css; charset=utf-8", Whole(kStyle));
  router.Add(http::Method::kGet, "/console/config.json",
             std::make_shared<ConfigHandler>(ConfigJson(settings)));
}

}  // namespace tidemill::server
