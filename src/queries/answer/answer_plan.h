// AnswerPlan: what is the same for all answers of one endpoint.
//
// Immutable; any thread.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "queries/catalog/endpoint.h"
#include "sql/database.h"

namespace tidemill::queries {

struct AnswerPlan {
  std::shared_ptr<const Endpoint> endpoint;
  sql::Dialect dialect = sql::Dialect::kSqlite;
  std::vector<std::size_t> keyset;  // the columns of @page keyset
  std::string cursor_purpose;       // of MakeCursor

  // The error, for the file's author: a keyset without its columns.
  static std::expected<std::shared_ptr<const AnswerPlan>, std::string> Make(
      std::shared_ptr<const Endpoint> endpoint, sql::Dialect dialect);
};

}  // namespace tidemill::queries
