#include "queries/catalog/describer.h"

#include <optional>
#include <utility>

#include "queries/files/database_problem.h"

namespace tidemill::queries {
namespace {

constexpr std::string_view kTypeNotKnown = "42P18";

std::string HintOf(const sql::Failure& failure) {
  if (failure.code == kTypeNotKnown) return "say it above the statement: -- @param NAME TYPE";
  return failure.hint.str();
}

}  // namespace

bool IsAway(const sql::Failure& failure) {
  switch (failure.kind) {
    case sql::FailureKind::kUnavailable:
    case sql::FailureKind::kUnauthenticated:
    case sql::FailureKind::kTimeout:
    case sql::FailureKind::kCancelled:
    case sql::FailureKind::kLocked:
    case sql::FailureKind::kSerialization:
    case sql::FailureKind::kFull:
    case sql::FailureKind::kCorrupt: return true;
    default: return false;
  }
}

NotDescribed WhyNotDescribed(const files::File& file, const files::QueryStatement& statement,
                             const sql::Failure& failure) {
  if (IsAway(failure)) return failure;
  std::optional<files::DatabasePosition> position;
  if (failure.position > 0) position = files::DatabasePosition{.value = failure.position};
  return files::DatabaseProblem(file.text, statement, position, failure.message, HintOf(failure));
}

}  // namespace tidemill::queries
