// Scan: a folder of .sql files as a FileSet. It blocks: call it on the thread pool or before the loops run.
//
// Hidden files and what is not named .sql are passed over. A link to a file counts if the file lies in the
// folder (a mounted ConfigMap is such links); a link out of it, and a link to a folder, is a problem. A file
// that cannot be read is a problem of that file; the others go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "queries/files/file_set.h"
#include "sql/database.h"

namespace tidemill::files {

struct ScanLimits {
  std::size_t files = 20'000;          // .sql files
  std::size_t queries = 50'000;        // in all of them
  std::size_t entries = 200'000;       // names of all kinds
  std::size_t depth = 32;              // of folders
  std::uint64_t bytes = 256ull << 20;  // of all .sql files
};

struct ScanOptions {
  std::string folder;
  sql::Dialect dialect = sql::Dialect::kSqlite;
  std::vector<std::string> reserved_routes;  // first parts of paths that are the server's own
  ScanLimits limits;
};

// Before a folder's names are read; its path as it can be opened. A change after that is not in the set.
using BeforeListing = std::function<void(const std::string& folder)>;

// A file of `previous` whose bytes are the same is not parsed again; nullptr: there is none.
std::shared_ptr<const FileSet> Scan(const ScanOptions& options, const FileSet* previous,
                                    const BeforeListing& before_listing);

}  // namespace tidemill::files
