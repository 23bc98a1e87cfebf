// Result: how a failure of the outside world travels.
//
// An Error is returned or handled, never both logged and returned. Our own bugs are TM_ASSERT
// (base/assert.h), absence by design is std::optional inside the Result.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tidemill {

enum class Errc {
  kInvalidArgument,        // the input breaks its format or range
  kNotFound,               // the named thing is not there
  kAlreadyExists,          // it is there already
  kPermissionDenied,       // known caller, not allowed
  kUnauthenticated,        // unknown caller: token or key missing or wrong
  kExpired,                // was valid once: token, deadline in the past
  kLimitExceeded,          // a configured limit was met; nothing was kept
  kNotAvailable,           // the feature is off for this channel or server
  kUnrecoverablePosition,  // the asked stream position is of another epoch
  kUnavailable,            // a store or peer did not answer: it may or may not have happened
  kRefused,                // a store answered that it does not do it now; a part of it may have happened
  kTimeout,                // the deadline passed
  kCancelled,              // the caller gave up
  kClosed,                 // the connection is gone
  kInternal,               // none of the above; the detail says what
};

// The enumerator's name without the k, in snake_case: "invalid_argument".
std::string_view Name(Errc code);

struct Error {
  Errc code = Errc::kInternal;
  std::string detail;  // for the log and the operator; never shown to clients

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T = void>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> Fail(Errc code, std::string detail) {
  return std::unexpected(Error{code, std::move(detail)});
}

}  // namespace tidemill

#define TM_CONCAT_INNER(a, b) a##b
#define TM_CONCAT(a, b) TM_CONCAT_INNER(a, b)

// Returns the error of `expression` from the enclosing function, if it has one.
#define TM_TRY(expression)                                \
  if (auto tm_result = (expression); !tm_result) {        \
    return std::unexpected(std::move(tm_result).error()); \
  }                                                       \
  static_assert(true)

// TM_TRY_ASSIGN(const Room room, store.Find(id)): the value, or the error returned onward.
#define TM_TRY_ASSIGN(declaration, expression) \
  TM_TRY_ASSIGN_AS(TM_CONCAT(tm_result_, __LINE__), return, declaration, expression)

// The same in a coroutine; write the co_await inside `expression`.
#define TM_CO_TRY_ASSIGN(declaration, expression) \
  TM_TRY_ASSIGN_AS(TM_CONCAT(tm_result_, __LINE__), co_return, declaration, expression)

#define TM_CO_TRY(expression)                                \
  if (auto tm_result = (expression); !tm_result) {           \
    co_return std::unexpected(std::move(tm_result).error()); \
  }                                                          \
  static_assert(true)

#define TM_TRY_ASSIGN_AS(result, return_keyword, declaration, expression) \
  auto result = (expression);                                             \
  if (!result) return_keyword std::unexpected(std::move(result).error()); \
  declaration = *std::move(result)
