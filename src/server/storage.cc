#include "server/storage.h"

#include <string>

#include "sqlite/metrics.h"
#include "sqlite/store.h"

namespace tidemill::server {

Storage::Storage() = default;
Storage::~Storage() = default;

Result<std::unique_ptr<Storage>> Storage::Open(const sqlite::SqliteSettings& settings,
                                               metrics::Registry& registry) {
  std::unique_ptr<Storage> storage(new Storage);
  storage->metrics_ = std::make_unique<sqlite::Metrics>(registry);
  TM_TRY_ASSIGN(storage->store_, sqlite::Store::Open(settings, *storage->metrics_));
  return storage;
}

std::optional<ServiceProblem> Storage::problem() const {
  const std::optional<sqlite::Problem> found = store_->problem();
  if (!found) return std::nullopt;
  const bool damaged = found->kind == sql::FailureKind::kCorrupt;
  return ServiceProblem{.since = found->since,
                        .status = damaged ? "storage damaged" : "storage failing",
                        .why = std::string(Name(found->kind))};
}

}  // namespace tidemill::server
