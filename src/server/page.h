// A page that is embedded when compiling: its files, and config.json, which tells it of this server.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/assets.h"
#include "http/router.h"

namespace tidemill::server {

struct EmbeddedPage {
  std::string_view path;  // "/console": the page is "/console/", to which the path without the slash leads
  std::span<const http::EmbeddedFile> files;  // below it; "/" is the page itself
  std::string_view policy;                    // Content-Security-Policy
  std::string config;                         // JSON for anybody who asks
};

// Before the router is used.
void AddPage(http::Router& router, EmbeddedPage page);

}  // namespace tidemill::server
