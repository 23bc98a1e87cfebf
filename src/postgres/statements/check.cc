#include "postgres/statements/check.h"

#include <string>
#include <utility>

#include "postgres/protocol/frontend.h"
#include "postgres/statements/keywords.h"

namespace tidemill::postgres {
namespace {

std::unexpected<sql::Failure> Over(std::string what) {
  return sql::Fail(sql::FailureKind::kLimitExceeded, std::move(what));
}

}  // namespace

sql::Result<void> CheckCall(const sql::Call& call, const LimitSettings& limits) {
  const std::string& text = call.statement.text();
  if (!MayBeSent(text)) return sql::Fail(sql::FailureKind::kInvalidStatement, "a NUL in the statement");
  if (call.parameters.size() > kParametersMax || call.statement.parameter_oids().size() > kParametersMax) {
    return Over(std::to_string(call.parameters.size()) + " parameters; a statement takes " +
                std::to_string(kParametersMax));
  }
  std::size_t bytes = text.size();
  for (const sql::Parameter& parameter : call.parameters) bytes += SizeOf(parameter);
  if (bytes > limits.statement_bytes_max) {
    return Over("a statement of " + std::to_string(bytes) + " bytes; at most " +
                std::to_string(limits.statement_bytes_max) + " may be sent");
  }
  if (auto refusal = RefusalOf(text)) {
    return sql::Fail(sql::FailureKind::kInvalidStatement, *std::move(refusal));
  }
  return {};
}

}  // namespace tidemill::postgres
