#include "sqlite/failures.h"

#include <sqlite3.h>

#include <algorithm>

namespace tidemill::sqlite {
namespace {

using sql::FailureKind;

struct Code {
  int code;
  std::string_view name;
  FailureKind kind;
};

#define TM_CODE(name, kind) {name, #name, FailureKind::kind}
// An extended code that is not here has the kind and the name of its primary code, its lowest byte.
constexpr Code kCodes[] = {
    TM_CODE(SQLITE_ERROR, kInvalidStatement),
    TM_CODE(SQLITE_INTERNAL, kInternal),
    TM_CODE(SQLITE_PERM, kPermissionDenied),
    TM_CODE(SQLITE_ABORT, kCancelled),
    TM_CODE(SQLITE_BUSY, kLocked),
    TM_CODE(SQLITE_BUSY_SNAPSHOT, kSerialization),
    TM_CODE(SQLITE_BUSY_RECOVERY, kLocked),
    TM_CODE(SQLITE_BUSY_TIMEOUT, kLocked),
    TM_CODE(SQLITE_LOCKED, kLocked),
    TM_CODE(SQLITE_NOMEM, kFull),
    TM_CODE(SQLITE_READONLY, kReadOnly),
    TM_CODE(SQLITE_READONLY_DBMOVED, kReadOnly),
    TM_CODE(SQLITE_READONLY_DIRECTORY, kReadOnly),
    TM_CODE(SQLITE_INTERRUPT, kCancelled),
    TM_CODE(SQLITE_IOERR, kUnavailable),
    TM_CODE(SQLITE_IOERR_READ, kUnavailable),
    TM_CODE(SQLITE_IOERR_SHORT_READ, kUnavailable),
    TM_CODE(SQLITE_IOERR_WRITE, kUnavailable),
    TM_CODE(SQLITE_IOERR_FSYNC, kUnavailable),
    TM_CODE(SQLITE_IOERR_DIR_FSYNC, kUnavailable),
    TM_CODE(SQLITE_IOERR_TRUNCATE, kUnavailable),
    TM_CODE(SQLITE_IOERR_FSTAT, kUnavailable),
    TM_CODE(SQLITE_IOERR_SHMOPEN, kUnavailable),
    TM_CODE(SQLITE_IOERR_SHMSIZE, kUnavailable),
    TM_CODE(SQLITE_IOERR_SHMMAP, kUnavailable),
    TM_CODE(SQLITE_IOERR_SHMLOCK, kUnavailable),
    TM_CODE(SQLITE_IOERR_LOCK, kUnavailable),
    TM_CODE(SQLITE_IOERR_NOMEM, kFull),
    TM_CODE(SQLITE_IOERR_CORRUPTFS, kCorrupt),
    TM_CODE(SQLITE_CORRUPT, kCorrupt),
    TM_CODE(SQLITE_CORRUPT_VTAB, kCorrupt),
    TM_CODE(SQLITE_CORRUPT_INDEX, kCorrupt),
    TM_CODE(SQLITE_CORRUPT_SEQUENCE, kCorrupt),
    TM_CODE(SQLITE_FULL, kFull),
    TM_CODE(SQLITE_CANTOPEN, kUnavailable),
    TM_CODE(SQLITE_CANTOPEN_ISDIR, kUnavailable),
    TM_CODE(SQLITE_PROTOCOL, kLocked),
    TM_CODE(SQLITE_SCHEMA, kSerialization),
    TM_CODE(SQLITE_TOOBIG, kLimitExceeded),
    TM_CODE(SQLITE_CONSTRAINT, kCheckViolation),
    TM_CODE(SQLITE_CONSTRAINT_CHECK, kCheckViolation),
    TM_CODE(SQLITE_CONSTRAINT_FOREIGNKEY, kForeignKeyViolation),
    TM_CODE(SQLITE_CONSTRAINT_NOTNULL, kNotNullViolation),
    TM_CODE(SQLITE_CONSTRAINT_PRIMARYKEY, kUniqueViolation),
    TM_CODE(SQLITE_CONSTRAINT_TRIGGER, kRaised),
    TM_CODE(SQLITE_CONSTRAINT_UNIQUE, kUniqueViolation),
    TM_CODE(SQLITE_CONSTRAINT_ROWID, kUniqueViolation),
    TM_CODE(SQLITE_CONSTRAINT_DATATYPE, kInvalidValue),
    TM_CODE(SQLITE_MISMATCH, kInvalidValue),
    TM_CODE(SQLITE_MISUSE, kInternal),
    TM_CODE(SQLITE_NOLFS, kFull),
    TM_CODE(SQLITE_AUTH, kPermissionDenied),
    TM_CODE(SQLITE_RANGE, kInvalidStatement),
    TM_CODE(SQLITE_NOTADB, kCorrupt),
};
#undef TM_CODE

const Code& Find(int code) {
  const Code* found = std::ranges::find(kCodes, code, &Code::code);
  if (found == std::end(kCodes)) found = std::ranges::find(kCodes, code & 0xff, &Code::code);
  return found == std::end(kCodes) ? kCodes[0] : *found;
}

// The rest of the text behind `mark`, or "".
std::string_view Behind(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == text.npos ? std::string_view{} : text.substr(at + mark.size());
}

// "t.a, t.b"
void ReadColumns(std::string_view list, ConstraintNames& names) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(", "), list.size());
    const std::string_view one = list.substr(0, end);
    list.remove_prefix(std::min(end + 2, list.size()));
    const std::size_t dot = one.find('.');
    if (dot == one.npos) continue;
    names.table = one.substr(0, dot);
    if (!names.column.empty()) names.column += ", ";
    names.column += one.substr(dot + 1);
  }
}

}  // namespace

std::string CodeName(int code) { return std::string(Find(code).name); }

FailureKind KindOf(int code, Step step, std::string_view message) {
  if (code == SQLITE_ERROR && message == "not authorized") return FailureKind::kPermissionDenied;
  // While it runs, a plain error is a function's that did not take its value: "integer overflow", "malformed
  // JSON". The schema may have changed since it was prepared, and then a name is missing.
  if (code == SQLITE_ERROR && step == Step::kRun && !message.starts_with("no such ") &&
      !message.contains("has no column")) {
    return FailureKind::kInvalidValue;
  }
  return Find(code).kind;
}

ConstraintNames ParseConstraint(std::string_view message) {
  ConstraintNames names;
  if (const auto check = Behind(message, "CHECK constraint failed: "); !check.empty()) {
    names.constraint = check;
  } else if (const auto index = Behind(message, "UNIQUE constraint failed: index '"); !index.empty()) {
    names.constraint = index.substr(0, index.rfind('\''));
  } else if (const auto columns = Behind(message, " constraint failed: "); !columns.empty()) {
    ReadColumns(columns, names);
  } else if (const auto column = Behind(message, " column "); message.starts_with("cannot store ")) {
    ReadColumns(column, names);
  }
  return names;
}

std::uint32_t PositionOf(std::string_view text, int byte_offset) {
  if (byte_offset < 0 || static_cast<std::size_t>(byte_offset) > text.size()) return 0;
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  const std::string_view before = text.substr(0, static_cast<std::size_t>(byte_offset));
  return static_cast<std::uint32_t>(std::ranges::count_if(before, begins)) + 1;
}

sql::Failure FailureOf(sqlite3* db, int code, Step step, std::string_view text) {
  sql::Failure failure{.message = db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db),
                       .code = CodeName(code)};
  failure.kind = KindOf(code, step, failure.message);
  if ((code & 0xff) == SQLITE_CONSTRAINT && code != SQLITE_CONSTRAINT_TRIGGER) {
    ConstraintNames names = ParseConstraint(failure.message);
    failure.constraint = std::move(names.constraint);
    failure.table = std::move(names.table);
    failure.column = std::move(names.column);
  }
  if (step == Step::kPrepare && db != nullptr) failure.position = PositionOf(text, sqlite3_error_offset(db));
  // A commit's record may have reached the disk although this failed, and be found there after a crash.
  if (step == Step::kCommit && failure.kind == FailureKind::kUnavailable)
    failure.effect = sql::Effect::kUnknown;
  return failure;
}

}  // namespace tidemill::sqlite
