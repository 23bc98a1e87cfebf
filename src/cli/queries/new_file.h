// Files that a command makes: one that is there already stays as it is. They block.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::cli {

// With its folders, if they are missing. kAlreadyExists: it is there already.
Result<void> WriteNewFile(const std::string& path, std::string_view text);

// The next number's file in FOLDER/migrations; gives its path. kInvalidArgument: no name of a migration, or
// something is wrong with those that are there.
Result<std::string> NewMigration(const std::string& folder, std::string_view name);

}  // namespace tidemill::cli
