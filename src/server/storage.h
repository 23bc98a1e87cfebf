// The embedded database that the settings ask for, for all loops.
//
// Opened before the loops run. It ends after they have stopped, and before they do.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "metrics/metrics.h"
#include "server/health.h"

namespace tidemill::sqlite {
struct Metrics;
struct SqliteSettings;
class Store;
}  // namespace tidemill::sqlite

namespace tidemill::server {

class Storage {
 public:
  // The detail names the setting and says what is wrong with the file.
  static Result<std::unique_ptr<Storage>> Open(const sqlite::SqliteSettings& settings,
                                               metrics::Registry& registry);
  ~Storage();

  sqlite::Store& store() { return *store_; }
  // Any thread. What keeps it from storing now.
  std::optional<ServiceProblem> problem() const;

 private:
  Storage();

  std::unique_ptr<sqlite::Metrics> metrics_;
  std::unique_ptr<sqlite::Store> store_;
};

}  // namespace tidemill::server
