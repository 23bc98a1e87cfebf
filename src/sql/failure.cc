#include "sql/failure.h"

#include <utility>

namespace tidemill::sql {
namespace {

struct SqlState {
  std::string_view code;  // five characters, or the two of a class
  FailureKind kind;
};

// PostgreSQL documentation, appendix A, "PostgreSQL Error Codes".
constexpr SqlState kSqlStates[] = {
    {"08", FailureKind::kUnavailable},
    {"0A", FailureKind::kInvalidStatement},
    {"21", FailureKind::kInvalidValue},  // more rows than there may be
    {"22", FailureKind::kInvalidValue},
    {"23502", FailureKind::kNotNullViolation},
    {"23503", FailureKind::kForeignKeyViolation},
    {"23505", FailureKind::kUniqueViolation},
    {"23", FailureKind::kCheckViolation},
    {"25006", FailureKind::kReadOnly},
    {"25P03", FailureKind::kTimeout},  // idle_in_transaction_session_timeout
    {"25P04", FailureKind::kTimeout},  // transaction_timeout
    {"25", FailureKind::kInvalidStatement},
    {"26", FailureKind::kInvalidStatement},
    {"28", FailureKind::kUnauthenticated},
    {"2B", FailureKind::kInvalidStatement},
    {"34", FailureKind::kInvalidStatement},
    {"3D", FailureKind::kUnauthenticated},  // the database we are to enter is not there
    {"3F", FailureKind::kInvalidStatement},
    {"40003", FailureKind::kUnavailable},  // statement_completion_unknown
    {"40", FailureKind::kSerialization},
    {"42501", FailureKind::kPermissionDenied},
    {"42", FailureKind::kInvalidStatement},
    {"44", FailureKind::kCheckViolation},  // WITH CHECK OPTION
    {"53", FailureKind::kFull},
    {"54", FailureKind::kLimitExceeded},
    {"55P03", FailureKind::kLocked},
    {"55006", FailureKind::kLocked},
    {"55", FailureKind::kInvalidStatement},
    {"57014", FailureKind::kCancelled},  // also statement_timeout: the caller knows which
    {"57", FailureKind::kUnavailable},   // shutdown, crash, starting up
    {"58030", FailureKind::kCorrupt},
    {"P0", FailureKind::kRaised},
    {"XX001", FailureKind::kCorrupt},
    {"XX002", FailureKind::kCorrupt},
};

}  // namespace

std::string_view Name(FailureKind kind) {
  switch (kind) {
    case FailureKind::kInvalidStatement: return "invalid_statement";
    case FailureKind::kInvalidValue: return "invalid_value";
    case FailureKind::kUniqueViolation: return "unique_violation";
    case FailureKind::kForeignKeyViolation: return "foreign_key_violation";
    case FailureKind::kNotNullViolation: return "not_null_violation";
    case FailureKind::kCheckViolation: return "check_violation";
    case FailureKind::kRaised: return "raised";
    case FailureKind::kSerialization: return "serialization";
    case FailureKind::kLocked: return "locked";
    case FailureKind::kPermissionDenied: return "permission_denied";
    case FailureKind::kUnauthenticated: return "unauthenticated";
    case FailureKind::kReadOnly: return "read_only";
    case FailureKind::kTimeout: return "timeout";
    case FailureKind::kCancelled: return "cancelled";
    case FailureKind::kUnavailable: return "unavailable";
    case FailureKind::kNotReady: return "not_ready";
    case FailureKind::kBusy: return "busy";
    case FailureKind::kLimitExceeded: return "limit_exceeded";
    case FailureKind::kFull: return "full";
    case FailureKind::kCorrupt: return "corrupt";
    case FailureKind::kInternal: return "internal";
  }
  return "internal";
}

std::unexpected<Failure> Fail(FailureKind kind, std::string message, Effect effect) {
  return std::unexpected(Failure{.kind = kind, .effect = effect, .message = std::move(message)});
}

FailureKind KindOfSqlState(std::string_view code) {
  for (const SqlState& row : kSqlStates) {
    if (code == row.code || (row.code.size() == 2 && code.starts_with(row.code))) return row.kind;
  }
  return FailureKind::kInternal;
}

bool MayRetry(const Failure& failure) {
  return failure.kind == FailureKind::kSerialization && failure.effect == Effect::kNone;
}

Error ToError(const Failure& failure) {
  std::string detail = failure.message;
  if (!failure.code.empty()) detail += " (" + failure.code + ")";
  Errc code = Errc::kInternal;
  switch (failure.kind) {
    case FailureKind::kInvalidStatement:
    case FailureKind::kInvalidValue:
    case FailureKind::kForeignKeyViolation:
    case FailureKind::kNotNullViolation:
    case FailureKind::kCheckViolation:
    case FailureKind::kRaised: code = Errc::kInvalidArgument; break;
    case FailureKind::kUniqueViolation: code = Errc::kAlreadyExists; break;
    case FailureKind::kSerialization:
    case FailureKind::kLocked:
    case FailureKind::kReadOnly:
    case FailureKind::kFull: code = Errc::kRefused; break;
    case FailureKind::kPermissionDenied:
    case FailureKind::kUnauthenticated: code = Errc::kPermissionDenied; break;
    case FailureKind::kTimeout: code = Errc::kTimeout; break;
    case FailureKind::kCancelled: code = Errc::kCancelled; break;
    case FailureKind::kUnavailable:
    case FailureKind::kNotReady: code = Errc::kUnavailable; break;
    case FailureKind::kBusy:
    case FailureKind::kLimitExceeded: code = Errc::kLimitExceeded; break;
    case FailureKind::kCorrupt:
    case FailureKind::kInternal: break;
  }
  return {code, std::move(detail)};
}

}  // namespace tidemill::sql
