// Copies of a database while it is used, by another process or by this one.
//
// Functions; they block. The copy is one snapshot: what is committed meanwhile is not in it, and waits for
// nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace tidemill::sqlite {

struct BackupResult {
  std::uint64_t bytes = 0;
};

// Copies the database at `from` to `to`, which must not be there: kAlreadyExists. The copy is checked, synced
// and then named so; when anything fails, nothing is left. `progress` is told the pages copied and all.
Result<BackupResult> Backup(const std::string& from, const std::string& to,
                            const std::function<void(int copied, int pages)>& progress = {});

}  // namespace tidemill::sqlite
