#include "queries/openapi/docs_page.h"

#include <cstddef>

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

template <std::size_t N>
constexpr std::string_view All(const char (&bytes)[N]) {
  return {bytes, N};
}

constexpr DocsAsset kPageAssets[] = {
    {"/", "text/html; charset=utf-8", All(kPage)},
    {"/docs.js", "text/javascript; charset=utf-8", All(kPageScript)},
    {"/docs.css", "text/css; charset=utf-8", All(kPageStyle)},
};

}  // namespace

std::span<const DocsAsset> DocsAssets() { return kPageAssets; }

}  // namespace tidemill::queries
