#include "queries/openapi/documents.h"

#include "http/assets.h"
#include "queries/openapi/docs_page.h"

namespace tidemill::queries {

void AddDocuments(const Catalog& catalog, const OpenApiOptions& options, http::Router& router) {
  router.Add(http::Method::kGet, options.prefix + "/openapi.json",
             http::MakeAssetHandler({.content_type = "application/json",
                                     .body = OpenApiDocument(catalog, options),
                                     .content_security_policy = "default-src 'none'"}));
  http::AddFiles(router, options.prefix, DocsFiles(), kDocsSecurityPolicy);
  // The page finds what it loads beside itself: its own path must end in a slash.
  if (!options.prefix.empty()) {
    router.Add(http::Method::kGet, options.prefix, http::MakeRedirectHandler(options.prefix + "/"));
  }
}

}  // namespace tidemill::queries
