// The built demo page (web/demo/dist), embedded when compiling.
#pragma once

#include <span>
#include <string_view>

namespace tidemill::server {

struct DemoAsset {
  std::string_view path;
  std::string_view content_type;
  std::string_view body;
};

std::span<const DemoAsset> DemoAssets();

}  // namespace tidemill::server
