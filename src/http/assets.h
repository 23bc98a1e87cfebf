// Files embedded in the binary, served compressed and cached by their digest.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/router.h"
#include "http/server.h"

namespace tidemill::http {

struct Asset {
  std::string content_type;
  std::string body;
  std::string content_security_policy;  // "": no such header
};

// Serves the asset: gzip where the client takes it and it is smaller, ETag, 304 when it is still the same.
std::shared_ptr<Handler> MakeAssetHandler(Asset asset);

// One file of a page that was embedded when compiling.
struct EmbeddedFile {
  std::string_view path;  // below the page's own: "" or "/" is the page itself
  std::string_view content_type;
  std::string_view body;
};

// All bytes of an array that #embed has filled.
template <std::size_t N>
constexpr std::string_view Embedded(const char (&bytes)[N]) {
  return {bytes, N};
}

// GET prefix + path serves each file, with this policy. Before the router is used.
void AddFiles(Router& router, std::string_view prefix, std::span<const EmbeddedFile> files,
              std::string_view content_security_policy);

// 308 to `location`, which may be relative: a page whose files stand beside it ends in a slash.
std::shared_ptr<Handler> MakeRedirectHandler(std::string location);

}  // namespace tidemill::http
