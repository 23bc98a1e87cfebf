#include "server/reload.h"

#include <utility>

#include "base/log.h"

namespace tidemill::server {

Result<void> ReloadAll(const std::vector<Reloadable>& parts, const settings::Settings& settings) {
  std::vector<Commit> commits;
  for (const Reloadable& part : parts) {
    TM_TRY_ASSIGN(Commit commit, part.prepare(settings));
    commits.push_back(std::move(commit));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    commits[i]();
    log::Debug("server.part_reloaded", {{"part", parts[i].name}});
  }
  return {};
}

}  // namespace tidemill::server
