#include "queries/live/follow_call.h"

#include <utility>

#include "http/message.h"
#include "queries/endpoint/database_settings.h"
#include "queries/live/caller.h"

namespace tidemill::queries::live {
namespace {

std::vector<std::string> ClaimsReadBy(const files::Query& query) {
  std::vector<std::string> names;
  for (const files::Parameter& each : query.parameters) {
    if (each.source == files::ParameterSource::kClaim) names.push_back(each.name);
  }
  return names;
}

}  // namespace

std::expected<FollowCall, Refusal> MakeFollowCall(Asking asking, const QueriesSettings& settings,
                                                  sql::Dialect dialect) {
  const std::string path = settings.prefix + asking.name.path;
  http::Request request;
  request.method_name = "GET";
  request.path = request.target = path;
  request.query = asking.name.query;
  request.path_names = asking.path_names;
  request.path_values = std::move(asking.path_values);
  const Identity& identity = asking.identity;
  TM_TRY_ASSIGN(TypedRequest typed, asking.served->reader->Read(request, identity.claims_json()));
  const files::Query& query = asking.served->query();
  const std::string_view role = RoleOf(identity, settings.anonymous_role);
  FollowCall follow{.channel = {},
                    .question = {.served = asking.served, .request = std::move(typed), .settings = nullptr},
                    .starter = std::move(asking.starter),
                    .scope = ScopeOf(role, identity.claims_json(), ClaimsReadBy(query)),
                    .issued_at = asking.issued_at,
                    .good_until = query.auth.required ? asking.good_until : 0};
  if (dialect == sql::Dialect::kPostgres) {
    follow.question.settings = DatabaseSettings(request, identity, role, asking.served->timeout);
  }
  return follow;
}

}  // namespace tidemill::queries::live
