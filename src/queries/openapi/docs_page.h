// The page of a folder's endpoints (web/sql/dist), embedded when compiling: it shows openapi.json, which it
// loads from beside itself, and nothing from elsewhere. Any thread.
#pragma once

#include <span>
#include <string_view>

#include "http/assets.h"

namespace tidemill::queries {

// Below the prefix: "/" is the page itself.
std::span<const http::EmbeddedFile> DocsFiles();

// For the header Content-Security-Policy of the page.
inline constexpr std::string_view kDocsSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace tidemill::queries
