// What is wrong with files, as a command shows it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "queries/files/file_set.h"

namespace tidemill::cli {

// "queries/orders.get.sql:3:8: no such column: nothing", the line with a caret, and the hint, for each.
// `folder` is what stands before the paths, so that they can be opened from where the command runs.
std::string ProblemsText(const std::string& folder, const files::FileSet& set,
                         const std::vector<files::FileProblem>& problems);

// Elements of an array: {"file","line","column","end_line","end_column","kind","message","hint"}. Lines and
// columns from 1; 0 where the file as a whole is meant.
void AppendProblems(const std::string& folder, const files::FileSet& set,
                    const std::vector<files::FileProblem>& problems, JsonWriter& json);

// The same of a text that begins with "path:line:column: ", as queries::BrokenEndpoint has it.
void AppendReason(const std::string& folder, const std::string& path, std::string_view reason,
                  JsonWriter& json);

}  // namespace tidemill::cli
