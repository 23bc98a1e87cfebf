// MakeTransaction: a sql::Transaction on a connection that was lent.
#pragma once

#include <memory>

#include "postgres/lanes/exclusive_lane.h"
#include "sql/database.h"

namespace tidemill::postgres {

std::unique_ptr<sql::Transaction> MakeTransaction(Lease lease, sql::TransactionOptions options);

}  // namespace tidemill::postgres
