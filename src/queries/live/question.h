// Question: one live query as the database is asked for it, and its answer as rows.
//
// Values, and a task on the database's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "net/task.h"
#include "queries/endpoint/served_endpoint.h"
#include "queries/live/window.h"
#include "queries/values/request_reader.h"
#include "sql/database.h"
#include "sql/statement.h"

namespace tidemill::queries::live {

struct Question {
  std::shared_ptr<const ServedEndpoint> served;
  TypedRequest request;
  std::shared_ptr<const sql::LocalSettings> settings;  // role and claims; null in SQLite
};

struct NoRows {
  enum class Why : std::uint8_t {
    kNotVisible,  // the database does not show the transactions yet that are to be seen
    kAway,        // it may answer when it is asked again
    kRefused,     // it will not: the query, its rights, its size, its key
  };
  Why why = Why::kAway;
  std::string text;
};

struct Answered {
  std::vector<Row> rows;
  std::string
      settled;  // PostgreSQL: all transactions up to this one are seen, or undone; "": it was not asked
};

// The rows that there are now, no two with the same key. `transactions`: xid8 of PostgreSQL, each of which
// must be visible to the snapshot that the rows are read in: both are one transaction, and the first question
// of it is whether they are; nullopt: it is not asked. More than `rows_max` rows are refused, and more bytes
// than the database gives. `question` and `database` outlive the task.
Task<std::expected<Answered, NoRows>> AskRows(net::Loop& loop, sql::Database& database,
                                              const Question& question,
                                              std::optional<std::vector<std::string>> transactions,
                                              std::uint64_t rows_max);

// Of two transactions ("7321"), without leading zeros.
inline bool IsLater(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() > b.size() : a > b;
}

// Of the transactions those with the highest numbers, at most so many.
std::vector<std::string> NewestOf(std::span<const std::string> transactions, std::size_t count_max);

}  // namespace tidemill::queries::live
