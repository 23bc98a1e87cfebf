#include "sql/schema/own_tables.h"

#include <string>

namespace tidemill::sql {

Failure OfOwnTables(Failure failure) {
  std::string message;
  if (failure.kind == FailureKind::kInvalidStatement) {
    message = "the server's own tables are not there yet; try again";
  } else if (failure.kind == FailureKind::kPermissionDenied) {
    message = "the server may not use its own tables; try again";
  } else {
    return failure;
  }
  return {.kind = FailureKind::kNotReady,
          .effect = failure.effect,
          .message = std::move(message),
          .detail = ToError(failure).detail,
          .hint = "tidemill schema status says what is missing, tidemill schema apply makes it"};
}

}  // namespace tidemill::sql
