// RowWriter: the rows of one statement as bytes of a format, as they arrive: of kLines and kCsv.
//
// One owner at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "queries/values/accept.h"
#include "sql/json.h"
#include "sql/rows.h"

namespace tidemill::queries {

class RowWriter : public sql::RowSink {
 public:
  virtual std::size_t bytes() const = 0;  // since the last Take
  virtual std::string Take() = 0;
};

// `format` is kLines or kCsv. `plan` as JsonRows'.
std::unique_ptr<RowWriter> MakeRowWriter(Format format, std::shared_ptr<const sql::JsonPlan> plan = nullptr);

}  // namespace tidemill::queries
