// ChangeSource: notices what others write into a database.
//
// An implementation for each way: postgres_changes.h, sqlite_changes.h. What our own endpoints write is told
// without it. Loop thread only.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/task.h"

namespace tidemill::queries::live {

class ChangeEvents {
 public:
  // Of these tables, "public.orders", something has changed; by these transactions ("7321": PostgreSQL's
  // xid8, or none), which are committed.
  virtual void OnChange(std::span<const std::string> tables, std::span<const std::string> transactions) = 0;
  // Nobody knows of which.
  virtual void OnChangeSomewhere() = 0;

 protected:
  ~ChangeEvents() = default;
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
  friend bool operator==(const Coverage&, const Coverage&) = default;
};

class ChangeSource {
 public:
  virtual ~ChangeSource() = default;

  // For the log and the metrics: "triggers".
  virtual std::string_view method() const = 0;
  // Does what it can so that changes of `tables` are noticed from now on: what is asked after the answer and
  // changes later, is told. An error: the database does not answer.
  virtual Task<Result<Coverage>> Cover(std::vector<std::string> tables) = 0;
  // Whether anybody wants to be told. From the first Cover after it was set; at its beginning, and whenever
  // something may have been missed, OnChangeSomewhere is called.
  virtual void SetWanted(bool wanted) = 0;
};

}  // namespace tidemill::queries::live
