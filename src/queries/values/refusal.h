// Refusal: why a request is not what its endpoint takes: all that is wrong with it at once, a line for each
// field.
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::queries {

struct FieldError {
  std::string field;    // "customer_id", "[3].amount" of a bulk body, "header Accept"; "body": it as a whole
  std::string problem;  // "must be an integer, and is \"abc\""

  std::string ToString() const { return field + ": " + problem; }
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

enum class RefusalKind : std::uint8_t {
  kInvalid,               // 400
  kForbidden,             // 403: the caller's token lacks a claim
  kNotAcceptable,         // 406
  kTooLarge,              // 413: more values than a request may have
  kUnsupportedMediaType,  // 415
  kRange,                 // 416: the Range header names no items
};

struct Refusal {
  static constexpr std::size_t kErrorsMax = 50;  // those that follow are counted only

  RefusalKind kind = RefusalKind::kInvalid;
  std::vector<FieldError> errors;  // never empty
  std::size_t unlisted = 0;        // errors beyond kErrorsMax; there may be more

  void Add(std::string field, std::string problem);
  bool empty() const { return errors.empty(); }
  // What is added is counted only. Readers stop looking for errors then.
  bool full() const { return errors.size() >= kErrorsMax; }
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// What a client sent, as a message may show it: in quotes, cut, control characters escaped.
std::string Shown(std::string_view sent);

// "; did you mean X?", or "".
std::string NearMiss(std::string_view name, const std::vector<std::string>& known);

}  // namespace tidemill::queries
