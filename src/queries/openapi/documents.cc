#include "queries/openapi/documents.h"

#include <memory>
#include <utility>

#include "http/assets.h"
#include "queries/openapi/docs_page.h"

namespace tidemill::queries {
namespace {

// The page finds what it loads beside itself: its own path must end in a slash.
class ToPage final : public http::Handler {
 public:
  explicit ToPage(std::string where) : where_(std::move(where)) {}
  Task<http::Response> Handle(const http::Request&) override {
    http::Response response = http::Response::Text(308, "");
    response.headers.emplace_back("Location", where_);
    co_return response;
  }

 private:
  const std::string where_;
};

}  // namespace

void AddDocuments(const Catalog& catalog, const OpenApiOptions& options, http::Router& router) {
  router.Add(http::Method::kGet, options.prefix + "/openapi.json",
             http::MakeAssetHandler({.content_type = "application/json",
                                     .body = OpenApiDocument(catalog, options),
                                     .content_security_policy = "default-src 'none'"}));
  for (const DocsAsset& asset : DocsAssets()) {
    router.Add(http::Method::kGet, options.prefix + std::string(asset.path),
               http::MakeAssetHandler({.content_type = std::string(asset.content_type),
                                       .body = std::string(asset.body),
                                       .content_security_policy = std::string(kDocsSecurityPolicy)}));
  }
  if (!options.prefix.empty()) {
    router.Add(http::Method::kGet, options.prefix, std::make_shared<ToPage>(options.prefix + "/"));
  }
}

}  // namespace tidemill::queries
