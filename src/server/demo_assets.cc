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

template <std::size_t N>
constexpr std::string_view Whole(const char (&bytes)[N]) {
  return {bytes, N};
}

constexpr DemoAsset kAssets[] = {
    {"/", "text/html; charset=utf-8", Whole(kHtml)},
    {"/demo.js", "text/javascript; charset=utf-8", Whole(kScript)},
    {"/demo.css", "text/css; charset=utf-8", Whole(kStyle)},
    {"/docs", "text/html; charset=utf-8", Whole(kDocs)},
    {"/docs/", "text/html; charset=utf-8", Whole(kDocs)},
    {"/docs/docs.css", "text/css; charset=utf-8", Whole(kDocsStyle)},
};

}  // namespace

std::span<const DemoAsset> DemoAssets() { return kAssets; }

}  // namespace tidemill::server
