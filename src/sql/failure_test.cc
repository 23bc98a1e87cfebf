#include "sql/failure.h"

#include <gtest/gtest.h>

#include <set>

namespace tidemill::sql {
namespace {

constexpr FailureKind kKinds[] = {
    FailureKind::kInvalidStatement,
    FailureKind::kInvalidValue,
    FailureKind::kUniqueViolation,
    FailureKind::kForeignKeyViolation,
    FailureKind::kNotNullViolation,
    FailureKind::kCheckViolation,
    FailureKind::kRaised,
    FailureKind::kSerialization,
    FailureKind::kLocked,
    FailureKind::kPermissionDenied,
    FailureKind::kUnauthenticated,
    FailureKind::kReadOnly,
    FailureKind::kTimeout,
    FailureKind::kCancelled,
    FailureKind::kUnavailable,
    FailureKind::kNotReady,
    FailureKind::kBusy,
    FailureKind::kLimitExceeded,
    FailureKind::kFull,
    FailureKind::kCorrupt,
    FailureKind::kInternal,
};

// One code of each row of the documentation's appendix A that means something else than its class, and one
// of each class.
TEST(KindOfSqlState, FollowsTheCodeThenItsClass) {
  struct Case {
    const char* code;
    const char* name;  // the condition's name in the documentation
    FailureKind kind;
  };
  const Case cases[] = {
      {"08006", "connection_failure", FailureKind::kUnavailable},
      {"08P01", "protocol_violation", FailureKind::kUnavailable},
      {"0A000", "feature_not_supported", FailureKind::kInvalidStatement},
      {"21000", "cardinality_violation", FailureKind::kInvalidValue},
      {"22003", "numeric_value_out_of_range", FailureKind::kInvalidValue},
      {"22012", "division_by_zero", FailureKind::kInvalidValue},
      {"22021", "character_not_in_repertoire", FailureKind::kInvalidValue},
      {"22P02", "invalid_text_representation", FailureKind::kInvalidValue},
      {"23000", "integrity_constraint_violation", FailureKind::kCheckViolation},
      {"23502", "not_null_violation", FailureKind::kNotNullViolation},
      {"23503", "foreign_key_violation", FailureKind::kForeignKeyViolation},
      {"23505", "unique_violation", FailureKind::kUniqueViolation},
      {"23514", "check_violation", FailureKind::kCheckViolation},
      {"23P01", "exclusion_violation", FailureKind::kCheckViolation},
      {"25001", "active_sql_transaction", FailureKind::kInvalidStatement},
      {"25006", "read_only_sql_transaction", FailureKind::kReadOnly},
      {"25P02", "in_failed_sql_transaction", FailureKind::kInvalidStatement},
      {"25P03", "idle_in_transaction_session_timeout", FailureKind::kTimeout},
      {"25P04", "transaction_timeout", FailureKind::kTimeout},
      {"26000", "invalid_sql_statement_name", FailureKind::kInvalidStatement},
      {"28000", "invalid_authorization_specification", FailureKind::kUnauthenticated},
      {"28P01", "invalid_password", FailureKind::kUnauthenticated},
      {"2BP01", "dependent_objects_still_exist", FailureKind::kInvalidStatement},
      {"34000", "invalid_cursor_name", FailureKind::kInvalidStatement},
      {"3D000", "invalid_catalog_name", FailureKind::kUnauthenticated},
      {"3F000", "invalid_schema_name", FailureKind::kInvalidStatement},
      {"40001", "serialization_failure", FailureKind::kSerialization},
      {"40003", "statement_completion_unknown", FailureKind::kUnavailable},
      {"40P01", "deadlock_detected", FailureKind::kSerialization},
      {"42501", "insufficient_privilege", FailureKind::kPermissionDenied},
      {"42601", "syntax_error", FailureKind::kInvalidStatement},
      {"42P01", "undefined_table", FailureKind::kInvalidStatement},
      {"44000", "with_check_option_violation", FailureKind::kCheckViolation},
      {"53100", "disk_full", FailureKind::kFull},
      {"53200", "out_of_memory", FailureKind::kFull},
      {"53300", "too_many_connections", FailureKind::kFull},
      {"54001", "statement_too_complex", FailureKind::kLimitExceeded},
      {"55000", "object_not_in_prerequisite_state", FailureKind::kInvalidStatement},
      {"55006", "object_in_use", FailureKind::kLocked},
      {"55P03", "lock_not_available", FailureKind::kLocked},
      {"57014", "query_canceled", FailureKind::kCancelled},
      {"57P01", "admin_shutdown", FailureKind::kUnavailable},
      {"57P03", "cannot_connect_now", FailureKind::kUnavailable},
      {"58030", "io_error", FailureKind::kCorrupt},
      {"58000", "system_error", FailureKind::kInternal},
      {"P0001", "raise_exception", FailureKind::kRaised},
      {"XX000", "internal_error", FailureKind::kInternal},
      {"XX001", "data_corrupted", FailureKind::kCorrupt},
      {"XX002", "index_corrupted", FailureKind::kCorrupt},
      {"99999", "of nobody", FailureKind::kInternal},
      {"", "of ours", FailureKind::kInternal},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Name(KindOfSqlState(c.code)), Name(c.kind)) << c.code << " " << c.name;
  }
}

TEST(FailureKind, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const FailureKind kind : kKinds) {
    const std::string_view name = Name(kind);
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << name;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(FailureKind::kInternal) + 1);
}

TEST(MayRetry, OnlyWhatCertainlyDidNotHappen) {
  for (const FailureKind kind : kKinds) {
    EXPECT_EQ(MayRetry({.kind = kind}), kind == FailureKind::kSerialization) << Name(kind);
    EXPECT_FALSE(MayRetry({.kind = kind, .effect = Effect::kUnknown})) << Name(kind);
  }
}

TEST(ToError, KeepsTheDatabasesWordsAndItsCode) {
  struct Case {
    FailureKind kind;
    Errc code;
  };
  const Case cases[] = {
      {FailureKind::kInvalidStatement, Errc::kInvalidArgument},
      {FailureKind::kInvalidValue, Errc::kInvalidArgument},
      {FailureKind::kUniqueViolation, Errc::kAlreadyExists},
      {FailureKind::kForeignKeyViolation, Errc::kInvalidArgument},
      {FailureKind::kNotNullViolation, Errc::kInvalidArgument},
      {FailureKind::kCheckViolation, Errc::kInvalidArgument},
      {FailureKind::kRaised, Errc::kInvalidArgument},
      {FailureKind::kSerialization, Errc::kRefused},
      {FailureKind::kLocked, Errc::kRefused},
      {FailureKind::kPermissionDenied, Errc::kPermissionDenied},
      {FailureKind::kUnauthenticated, Errc::kPermissionDenied},
      {FailureKind::kReadOnly, Errc::kRefused},
      {FailureKind::kTimeout, Errc::kTimeout},
      {FailureKind::kCancelled, Errc::kCancelled},
      {FailureKind::kUnavailable, Errc::kUnavailable},
      {FailureKind::kNotReady, Errc::kUnavailable},
      {FailureKind::kBusy, Errc::kLimitExceeded},
      {FailureKind::kLimitExceeded, Errc::kLimitExceeded},
      {FailureKind::kFull, Errc::kRefused},
      {FailureKind::kCorrupt, Errc::kInternal},
      {FailureKind::kInternal, Errc::kInternal},
  };
  static_assert(std::size(cases) == std::size(kKinds));
  for (const Case& c : cases) {
    EXPECT_EQ(ToError({.kind = c.kind, .message = "no", .code = "12345"}), (Error{c.code, "no (12345)"}));
  }
  EXPECT_EQ(ToError({.message = "ours"}).detail, "ours");
}

}  // namespace
}  // namespace tidemill::sql
