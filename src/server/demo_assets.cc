#include "server/demo_assets.h"

namespace tidemill::server {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr char kHtml[] = {
#embed "../../web/demo/dist/index.html"
};
constexpr char kScript[] = {
#embed "../../web/demo/dist/demo.js"
};
constexpr char kStyle[] = {
#embed "../../web/demo/dist/demo.css"
};
constexpr char kDocs[] = {
#embed "../../web/docs/dist/index.html"
};
constexpr char kDocsStyle[] = {
#embed "../../web/docs/dist/docs.css"
};
#pragma clang diagnostic pop

constexpr http::EmbeddedFile kFiles[] = {
    {"/", "text/html; charset=utf-8", http::Embedded(kHtml)},
    {"/demo.js", "text/javascript; charset=utf-8", http::Embedded(kScript)},
    {"/demo.css", "text/css; charset=utf-8", http::Embedded(kStyle)},
    {"/docs", "text/html; charset=utf-8", http::Embedded(kDocs)},
    {"/docs/", "text/html; charset=utf-8", http::Embedded(kDocs)},
    {"/docs/docs.css", "text/css; charset=utf-8", http::Embedded(kDocsStyle)},
};

}  // namespace

std::span<const http::EmbeddedFile> DemoFiles() { return kFiles; }

}  // namespace tidemill::server
