// Refusal: why a request is not done, in words for the person who sent it. Values; any thread.
#pragma once

#include <expected>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace tidemill::accounts {

struct Refusal {
  int status = 400;
  std::string code;        // "invalid"
  std::string message;     // one sentence that says what to do
  std::string field;       // of the body or the query; "": none
  Duration retry_after{};  // 0: it would not help
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

template <class T = void>
using Outcome = std::expected<T, Refusal>;

[[nodiscard]] std::unexpected<Refusal> Refuse(int status, std::string code, std::string message,
                                              std::string field = "");
// 422 with the field's name.
[[nodiscard]] std::unexpected<Refusal> RefuseField(std::string field, std::string message);

// Of an error of the store (store.h) or of the hasher. What is nobody's business is logged, not told.
Refusal RefusalOf(const Error& error);

// {"error":{"code","message","field"?,"retry_after_ms"?}}, with Retry-After in whole seconds.
http::Response ResponseOf(const Refusal& refusal);

}  // namespace tidemill::accounts
