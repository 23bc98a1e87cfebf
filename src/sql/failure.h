// Failure: why a database did not do what it was asked, in the same words for every database.
//
// The database's own text stays in it, for the log and for whoever wrote the SQL; what a stranger may be told
// is decided by the caller. `kind` is what code looks at. Values; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace tidemill::sql {

enum class FailureKind : std::uint8_t {
  kInvalidStatement,     // syntax, a name that is not there, types that do not match
  kInvalidValue,         // a value that its type does not take: out of range, bad format, division by zero
  kUniqueViolation,      //
  kForeignKeyViolation,  //
  kNotNullViolation,     //
  kCheckViolation,       // of a table, a domain, an exclusion
  kRaised,               // by code inside the database: RAISE
  kSerialization,        // also a deadlock: the whole transaction may succeed when it is tried again
  kLocked,               // somebody else holds the lock for longer than was to be waited
  kPermissionDenied,     // the role may not
  kUnauthenticated,      // the server does not let us in
  kReadOnly,             // a write where nothing may be written
  kTimeout,              // the deadline passed
  kCancelled,            // by us or by an operator
  kUnavailable,          // not connected, or the connection ended before the answer came
  kNotReady,             // tables of our own are not there yet, or not for us to use: sql/schema/own_tables.h
  kBusy,                 // as many callers wait as may, or waited as long as they may: nothing has happened
  kLimitExceeded,        // a limit of ours: rows, bytes
  kFull,                 // disk, memory or connections of the server
  kCorrupt,              // the stored data is damaged
  kInternal,             // none of the above
};

// snake_case, for metrics and logs: "unique_violation".
std::string_view Name(FailureKind kind);

// What is known of the statement's effects. A statement whose answer was lost may have been committed.
enum class Effect : std::uint8_t { kNone, kUnknown };

// A text that is nearly always empty, and then takes a pointer: each task that waits for a database has room
// for several failures.
class RareText {
 public:
  RareText() = default;
  RareText(std::string text) {
    if (!text.empty()) text_ = std::make_unique<const std::string>(std::move(text));
  }
  RareText(std::string_view text) : RareText(std::string(text)) {}
  RareText(const char* text) : RareText(std::string(text)) {}
  RareText(const RareText& other) : RareText(other.str()) {}
  RareText(RareText&&) noexcept = default;
  RareText& operator=(RareText other) noexcept {
    text_ = std::move(other.text_);
    return *this;
  }
  ~RareText() = default;

  bool empty() const { return text_ == nullptr; }
  const std::string& str() const {
    static const std::string kNone;
    return text_ == nullptr ? kNone : *text_;
  }
  friend bool operator==(const RareText& a, const RareText& b) { return a.str() == b.str(); }

 private:
  std::unique_ptr<const std::string> text_;
};

struct Failure {
  FailureKind kind = FailureKind::kInternal;
  Effect effect = Effect::kNone;
  std::string message;  // one sentence; the database's own where it gave one
  std::string code;     // five characters of SQLSTATE, or SQLite's name: "23505", "SQLITE_BUSY"; "": ours
  RareText detail;      // here and below "" where the database says nothing
  RareText hint;        //
  RareText constraint;  // the name of what was violated
  RareText table;       //
  RareText column;      //
  std::uint32_t position = 0;  // in the statement's text, in characters from 1; 0: unknown

  friend bool operator==(const Failure&, const Failure&) = default;
};

template <class T = void>
using Result = std::expected<T, Failure>;

[[nodiscard]] std::unexpected<Failure> Fail(FailureKind kind, std::string message,
                                            Effect effect = Effect::kNone);

// The kind of a SQLSTATE (PostgreSQL documentation, appendix A): by the whole code, else by its class.
FailureKind KindOfSqlState(std::string_view code);

// Whether the same transaction, begun again, may succeed, and may be begun again without doing anything
// twice.
bool MayRetry(const Failure& failure);

// For code that does not know databases. The detail is "MESSAGE (CODE)".
Error ToError(const Failure& failure);

}  // namespace tidemill::sql
