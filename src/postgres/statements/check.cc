#include "postgres/statements/check.h"

#include <cstdint>
#include <string>
#include <utility>

#include "postgres/protocol/frontend.h"
#include "postgres/statements/keywords.h"

namespace tidemill::postgres {
namespace {

std::unexpected<sql::Failure> Over(std::string what) {
  return sql::Fail(sql::FailureKind::kLimitExceeded, std::move(what));
}

sql::Result<void> CheckText(const std::string& text) {
  if (!MayBeSent(text)) return sql::Fail(sql::FailureKind::kInvalidStatement, "a NUL in the statement");
  if (auto refusal = RefusalOf(text)) {
    return sql::Fail(sql::FailureKind::kInvalidStatement, *std::move(refusal));
  }
  return {};
}

sql::Result<void> CheckSize(const sql::Call& call, const LimitSettings& limits) {
  if (call.parameters.size() > kParametersMax || call.statement.parameter_oids().size() > kParametersMax) {
    return Over(std::to_string(call.parameters.size()) + " parameters; a statement takes " +
                std::to_string(kParametersMax));
  }
  std::size_t bytes = call.statement.text().size();
  for (const sql::Parameter& parameter : call.parameters) bytes += SizeOf(parameter);
  if (bytes > limits.statement_bytes_max) {
    return Over("a statement of " + std::to_string(bytes) + " bytes; at most " +
                std::to_string(limits.statement_bytes_max) + " may be sent");
  }
  return {};
}

}  // namespace

sql::Result<void> CheckCall(const sql::Call& call, const LimitSettings& limits) {
  TM_TRY(CheckSize(call, limits));
  return CheckText(call.statement.text());
}

sql::Result<void> StatementCheck::Check(const sql::Call& call, const LimitSettings& limits) {
  TM_TRY(CheckSize(call, limits));
  const void* const identity = call.statement.identity();
  std::optional<sql::Statement>& place = fit_[(reinterpret_cast<std::uintptr_t>(identity) >> 5) % kKept];
  if (place && place->identity() == identity) return {};
  TM_TRY(CheckText(call.statement.text()));
  if (call.statement.reuse() == sql::Reuse::kOften) place = call.statement;
  return {};
}

}  // namespace tidemill::postgres
