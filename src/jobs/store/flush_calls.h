// FlushCalls: a flush as the calls of one transaction. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/store/statements.h"
#include "jobs/store/store.h"
#include "sql/insert.h"

namespace tidemill::jobs {

class FlushCalls {
 public:
  FlushCalls(sql::Dialect dialect, const std::string& postgres_schema);

  // In the order in which they are to be done.
  void Append(const Flush& flush, const Statements& statements, std::vector<sql::Call>& calls) const;

 private:
  void AppendDeletes(const Flush& flush, const Statements& statements, std::vector<sql::Call>& calls) const;
  void AppendInserts(const Flush& flush, std::vector<sql::Call>& calls) const;

  const sql::Dialect dialect_;
  const sql::Insert ready_;
  const sql::Insert later_;
  const sql::Insert dead_;
  const sql::Insert claims_;
  const sql::Insert records_;
};

// kInvalidArgument: a text that no database takes (store.h), and whose it is.
Result<> CheckTexts(const Flush& flush);

}  // namespace tidemill::jobs
