// Describer: what one database says of one query. An implementation for each dialect.
//
// One for each run of Describe: what it has looked up once it does not look up again. Loop thread only.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "net/task.h"
#include "queries/catalog/endpoint.h"
#include "queries/files/problem.h"
#include "sql/database.h"

namespace tidemill::queries {

// What is wrong with a query, or why nothing is known: the database did not answer.
using NotDescribed = std::variant<files::Problem, sql::Failure>;

class Describer {
 public:
  virtual ~Describer() = default;
  // Everything of the endpoint but its operation id and version. `file` holds `query`.
  virtual Task<std::expected<Endpoint, NotDescribed>> Describe(std::shared_ptr<const files::File> file,
                                                               const files::Query& query) = 0;
};

// Whether the database could not say anything, rather than that something is wrong with the statement.
bool IsAway(const sql::Failure& failure);

// What a database says of a statement that it cannot prepare, at its place in the file.
NotDescribed WhyNotDescribed(const files::File& file, const files::QueryStatement& statement,
                             const sql::Failure& failure);

}  // namespace tidemill::queries
