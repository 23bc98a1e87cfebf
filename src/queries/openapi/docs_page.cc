#include "queries/openapi/docs_page.h"

namespace tidemill::queries {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr char kPage[] = {
#embed "../../../web/sql/dist/index.html"
};
constexpr char kPageScript[] = {
#embed "../../../web/sql/dist/docs.js"
};
constexpr char kPageStyle[] = {
#embed "../../../web/sql/dist/docs.css"
};
#pragma clang diagnostic pop

constexpr http::EmbeddedFile kFiles[] = {
    {"/", "text/html; charset=utf-8", http::Embedded(kPage)},
    {"/docs.js", "text/javascript; charset=utf-8", http::Embedded(kPageScript)},
    {"/docs.css", "text/css; charset=utf-8", http::Embedded(kPageStyle)},
};

}  // namespace

std::span<const http::EmbeddedFile> DocsFiles() { return kFiles; }

}  // namespace tidemill::queries
