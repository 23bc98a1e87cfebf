// Settings of the HTTP API: http_api.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/secret.h"
#include "config/section_fwd.h"

namespace tidemill::api {

struct HttpApiSettings {
  std::vector<config::Secret> keys;       // http_api.key: one, or a list while one replaces another
  std::vector<config::Secret> jobs_keys;  // http_api.jobs_key: for the methods about jobs only
  bool insecure = false;                  // no key asked for
  std::string error_mode;                 // "" (errors in the body, status 200) or "transport"
  std::string handler_prefix = "/api";
  std::uint32_t answer_max_size = 16 << 20;  // bytes of the answer to one request
  // A literal: the setting that `keys` come from, for those who are refused.
  std::string_view key_setting = "http_api.key";
  friend bool operator==(const HttpApiSettings&, const HttpApiSettings&) = default;
};

config::Section<HttpApiSettings> HttpApiSection();

}  // namespace tidemill::api
