// ChangeSource: notices what others write into a database.
//
// An implementation for each way: postgres_changes.h, sqlite_changes.h. What our own endpoints write is told
// without it. Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/task.h"

namespace tidemill::queries::live {

// What the rows that were written had, and have, in one column.
struct TouchedColumn {
  std::string column;
  std::vector<std::string> values;  // each once; NULL, and what no key is (key_value.h), are not among them
  friend bool operator==(const TouchedColumn&, const TouchedColumn&) = default;
};

struct TableChange {
  std::string table;                   // "public.orders"
  std::vector<TouchedColumn> columns;  // sorted; in another one any value may have been touched
  friend bool operator==(const TableChange&, const TableChange&) = default;
};

class ChangeEvents {
 public:
  // In these tables something has changed; by these transactions ("7321": PostgreSQL's xid8, or none), which
  // are committed.
  virtual void OnChange(std::span<const TableChange> changes, std::span<const std::string> transactions) = 0;
  // Nobody knows of which.
  virtual void OnChangeSomewhere() = 0;
  // What changes now is not told, until OnChangeSomewhere.
  virtual void OnNotLooking() = 0;

 protected:
  ~ChangeEvents() = default;
};

// Of a query whose calls differ in the value that a column of one of its tables has.
struct KeyColumn {
  std::string table;  // "public.orders"
  std::string column;
  std::uint32_t oid = 0;  // of its type
};

// Whether the changes of some tables are noticed.
struct Coverage {
  bool covered = false;
  std::string why;  // they are not; covered: what is not noticed even so
  // All that they may depend on: also partitions, and what policies look at.
  std::vector<std::string> tables;
  // Differs when one of them, its trigger, a policy or a view may have been replaced or altered in between:
  // what was written meanwhile, nobody has told.
  std::string fingerprint{};
  // Of them, those whose changes tell the values of the key's column: its table, and the partitions and
  // parents of that. Empty: none do.
  std::vector<std::string> keyed{};
  std::string why_not_keyed{};
  friend bool operator==(const Coverage&, const Coverage&) = default;
};

class ChangeSource {
 public:
  virtual ~ChangeSource() = default;

  // For the log and the metrics: "triggers".
  virtual std::string_view method() const = 0;
  // Does what it can so that changes of `tables` are noticed from now on: what is asked after the answer and
  // changes later, is told; with the values in the column of `key`, if that can be. An error: the database
  // does not answer.
  virtual Task<Result<Coverage>> Cover(std::vector<std::string> tables, std::optional<KeyColumn> key) = 0;
  // Whether anybody wants to be told. From the first Cover after it was set; at its beginning, and whenever
  // something may have been missed, OnChangeSomewhere is called.
  virtual void SetWanted(bool wanted) = 0;
};

}  // namespace tidemill::queries::live
