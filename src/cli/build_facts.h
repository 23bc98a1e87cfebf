// What this binary was built from. cmake/build_facts.cmake makes the source in the build folder.
#pragma once

#include <string_view>

namespace tidemill::cli {

extern const std::string_view kVersion;     // "0.1.0"
extern const std::string_view kCommit;      // "1a2b3c4d5e6f", "…-dirty" with changes on top; "unknown"
extern const std::string_view kCommitDate;  // "2026-11-27"; "" when the commit is unknown
extern const std::string_view kBuild;       // "release", "debug", "debug, address,undefined"

}  // namespace tidemill::cli
