// The settings in force, key by key: where each comes from and what it is otherwise. For those who run a
// server; secrets are masked.
#pragma once

#include <string>
#include <vector>

#include "config/sources.h"

namespace tidemill::settings {

struct Settings;

// {"keys":[{"key","value","default","source","where"?,"changed","reloadable","restart_needed"?},…]}. `source`
// is as config::EffectiveKey has it; `restart_needed`: those of `waiting` (NeedRestart), which are in force
// only after a restart.
std::string EffectiveJson(Settings settings, const config::Origins& origins,
                          const std::vector<std::string>& waiting);

}  // namespace tidemill::settings
