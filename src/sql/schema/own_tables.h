// OnOwnTables: what a failure of a statement of ours on our own tables means. They may not be there yet, as a
// node makes them while it serves already, or a database administrator does by hand: whoever asked has done
// nothing wrong, and may try again.
//
// Pure; any thread.
#pragma once

#include <utility>

#include "sql/failure.h"

namespace tidemill::sql {

// kInvalidStatement and kPermissionDenied become kNotReady, for anybody to read; the database's words are in
// the detail. All others stay.
Failure OfOwnTables(Failure failure);

template <class T>
Result<T> OnOwnTables(Result<T> result) {
  if (!result) return std::unexpected(OfOwnTables(std::move(result).error()));
  return result;
}

}  // namespace tidemill::sql
