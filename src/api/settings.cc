#include "api/settings.h"

#include <array>
#include <string_view>

#include "config/section.h"
#include "http/settings.h"

namespace tidemill::api {
namespace {

constexpr std::array<std::string_view, 2> kErrorModes = {"", "transport"};

constexpr config::Row<HttpApiSettings> kHttpApi[] = {
    {"key",
     config::Of<&HttpApiSettings::keys>,
     {.doc = "Key that callers of the HTTP API send as X-API-Key; several while one replaces another."}},
    {"jobs_key",
     config::Of<&HttpApiSettings::jobs_keys>,
     {.doc = "The same, for workers and producers of jobs: it opens the methods that begin with jobs_, and "
             "nothing else."}},
    {"insecure",
     config::Of<&HttpApiSettings::insecure>,
     {.doc = "Anybody may call the HTTP API, without a key. For development."}},
    {"error_mode",
     config::Of<&HttpApiSettings::error_mode>,
     {.doc = "\"\": errors stand in the body of a 200. \"transport\": as HTTP status too.",
      .choices = kErrorModes}},
    {"handler_prefix",
     config::Of<&HttpApiSettings::handler_prefix>,
     {.doc = "Path of the HTTP API.", .reload = config::Reload::kNo}},
    {"answer_max_size",
     config::Of<&HttpApiSettings::answer_max_size>,
     {.doc =
          "Bytes of the answer to one request: a history, a presence or a batch. What does not fit is error "
          "106.",
      .min = 64 << 10,
      .max = config::kGiB}},
};

void Check(const HttpApiSettings& settings, const std::string& prefix, config::Findings& findings) {
  http::CheckPathPrefix(prefix + "handler_prefix", settings.handler_prefix, findings);
}

}  // namespace

config::Section<HttpApiSettings> HttpApiSection() { return {.rows = kHttpApi, .check = Check}; }

}  // namespace tidemill::api
