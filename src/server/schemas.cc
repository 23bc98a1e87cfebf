#include "server/schemas.h"

#include "accounts/schema.h"
#include "chat/store/schema.h"
#include "jobs/store/schema.h"
#include "outbox/schema.h"
#include "queries/idempotency/schema.h"
#include "queries/live/schema.h"
#include "settings/settings.h"

namespace tidemill::server {

std::vector<sql::Schema> Schemas() {
  return {jobs::JobsSchema(),          outbox::OutboxSchema(),     queries::IdempotencySchema(),
          queries::live::LiveSchema(), accounts::AccountsSchema(), chat::ChatSchema()};
}

std::vector<sql::Schema> SchemasInUse(const settings::Settings& settings) {
  std::vector<sql::Schema> schemas;
  if (settings.queries.given()) schemas.push_back(queries::IdempotencySchema());
  const bool has_triggers = settings.queries_live.enabled && settings.postgres.given();
  if (settings.queries.given() && has_triggers) schemas.push_back(queries::live::LiveSchema());
  if (settings.jobs.enabled) schemas.push_back(jobs::JobsSchema());
  if (settings.outbox.enabled) schemas.push_back(outbox::OutboxSchema());
  if (settings.chat.enabled) schemas.push_back(chat::ChatSchema());
  if (settings.accounts.enabled) schemas.push_back(accounts::AccountsSchema());
  return schemas;
}

}  // namespace tidemill::server
