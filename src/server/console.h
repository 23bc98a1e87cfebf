// The console (web/console/dist), embedded when compiling: a page that shows and does what the HTTP API can,
// with the key that its user gives it. It has no rights of its own, and loads nothing from elsewhere.
#pragma once

#include "http/router.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

// GET /console/, what the page loads, and /console/config.json: where the API is, and what this server
// serves. Belongs on the router of the API, which the page calls. Before the loops run.
void AddConsoleRoutes(http::Router& router, const settings::Settings& settings);

}  // namespace tidemill::server
