// BodyRows: the rows of a request's statements, one after another, as the body of a whole answer.
//
// One owner at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "queries/values/request_reader.h"
#include "sql/json.h"
#include "sql/rows.h"

namespace tidemill::queries {

class BodyRows : public sql::RowSink {
 public:
  // The rows of one statement are over.
  virtual void EndRun() = 0;
  // What is there when all are.
  virtual std::string Finish() = 0;
  // Of all statements together.
  virtual std::uint64_t rows() const = 0;
  // Of an earlier answer, for the next.
  virtual std::shared_ptr<const sql::JsonPlan> plan() const { return nullptr; }
};

// By the shape of the endpoint's rows (not kExec), and by the request's format and whether it is a bulk.
// Where there is one row for each element of a bulk and one gives none, null stands in its place. Of many
// rows kObject is an array.
std::unique_ptr<BodyRows> MakeBodyRows(files::RowsShape shape, const TypedRequest& request,
                                       std::shared_ptr<const sql::JsonPlan> plan);

}  // namespace tidemill::queries
