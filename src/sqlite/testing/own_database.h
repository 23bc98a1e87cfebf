// OwnDatabase: an empty database in a file of its own, and a client of it; the file goes in the end. What
// postgres/testing/own_database.h is for PostgreSQL.
//
// One thread, the loop's; the loop outlives it.
#pragma once

#include <memory>

#include "base/testing/temporary_folder.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "sqlite/database.h"
#include "sqlite/metrics.h"
#include "sqlite/store.h"

namespace tidemill::sqlite::testing {

class OwnDatabase {
 public:
  explicit OwnDatabase(net::Loop& loop)
      : store_(*Store::Open({.path = folder_.path() + "/own.db"}, metrics_)), database_(loop, *store_) {}
  OwnDatabase(const OwnDatabase&) = delete;
  OwnDatabase& operator=(const OwnDatabase&) = delete;

  Database& database() { return database_; }

 private:
  const tidemill::testing::TemporaryFolder folder_;
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  const std::unique_ptr<Store> store_;
  Database database_;
};

}  // namespace tidemill::sqlite::testing
