#include "server/page.h"

#include <memory>
#include <utility>

namespace tidemill::server {
namespace {

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

}  // namespace

void AddPage(http::Router& router, EmbeddedPage page) {
  const std::string path(page.path);
  // What the page loads has addresses relative to its folder, which a proxy may have put below another.
  router.Add(http::Method::kGet, path, http::MakeRedirectHandler(path.substr(path.rfind('/') + 1) + "/"));
  http::AddFiles(router, path, page.files, page.policy);
  router.Add(http::Method::kGet, path + "/config.json",
             std::make_shared<ConfigHandler>(std::move(page.config)));
}

}  // namespace tidemill::server
