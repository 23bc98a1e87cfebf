#include "queries/idempotency/schema.h"

namespace tidemill::queries {

// `answer` is as queries/cache/answer_record.h writes it; `expires_at` in ms since 1970.
sql::Schema IdempotencySchema() {
  sql::Schema schema{.module = "queries"};
  schema.versions.push_back(
      {.postgres = {"create table tidemill_idempotency (\n"
                    "  id text primary key,\n"
                    "  fingerprint text not null,\n"
                    "  answer bytea not null,\n"
                    "  expires_at bigint not null\n"
                    ")",
                    "create index tidemill_idempotency_expires on tidemill_idempotency (expires_at)"},
       .sqlite = {"create table tidemill_idempotency (\n"
                  "  id text primary key,\n"
                  "  fingerprint text not null,\n"
                  "  answer blob not null,\n"
                  "  expires_at integer not null\n"
                  ") strict",
                  "create index tidemill_idempotency_expires on tidemill_idempotency (expires_at)"}});
  return schema;
}

}  // namespace tidemill::queries
