#include "queries/answer/answer_plan.h"

#include <utility>

#include "queries/values/cursor.h"

namespace tidemill::queries {

std::expected<std::shared_ptr<const AnswerPlan>, std::string> AnswerPlan::Make(
    std::shared_ptr<const Endpoint> endpoint, sql::Dialect dialect) {
  auto plan = std::make_shared<AnswerPlan>(AnswerPlan{.endpoint = std::move(endpoint), .dialect = dialect});
  const files::Query& query = *plan->endpoint->query;
  if (query.page && !query.page->keyset.empty()) {
    auto columns = KeysetColumns(*plan->endpoint);
    if (!columns) return std::unexpected(std::move(columns).error());
    plan->keyset = *std::move(columns);
    plan->cursor_purpose = CursorPurpose(*plan->endpoint, plan->keyset);
  }
  return plan;
}

}  // namespace tidemill::queries
