// Function: a function of SQL that runs one statement of ours in the caller's transaction:
// `select tidemill_publish('orders', json_object('id', 17))`.
//
// A statement that calls one writes. Views and triggers of the file may not call it: the file is not trusted
// with it (SQLITE_DIRECTONLY).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "sql/statement.h"

namespace tidemill::sqlite {

// NULL is nullopt; all else as SQLite writes it as text.
using FunctionArguments = std::span<const std::optional<std::string>>;

struct FunctionRun {
  sql::Statement statement;
  sql::Parameters parameters;
  std::string result;  // what the function gives; "": the number of the row that was inserted
};

// Immutable; its members are called on the writer's thread.
struct Function {
  std::string name;
  int arguments_min = 0;
  int arguments_max = 0;
  // A failure's detail is what the SQL that calls it fails with.
  std::function<Result<FunctionRun>(FunctionArguments)> call;
  // After the commit of a transaction that has called it, perhaps in a part that was undone.
  std::function<void()> committed;
};

}  // namespace tidemill::sqlite
