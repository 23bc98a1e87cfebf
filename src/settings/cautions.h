// Cautions: what the settings allow that an operator may not have meant to: told at the start of the server,
// once each, and by `tidemill doctor`.
//
// Pure, but for the user that this process runs as.
#pragma once

#include <string>
#include <vector>

#include "config/sources.h"

namespace tidemill::settings {

struct Settings;

struct Caution {
  std::string setting;  // "client.allowed_origins"; "user" for the user that runs the server
  std::string why;      // what it allows, and what to do
};

// `sources`: where the settings came from.
std::vector<Caution> FindCautions(const Settings& settings, const config::Sources& sources);

// Whether others than this machine can reach any of the addresses.
bool IsPublic(const std::vector<std::string>& addresses);

}  // namespace tidemill::settings
