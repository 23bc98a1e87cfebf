#include "postgres/settings.h"

#include <string>

#include "config/section.h"
#include "postgres/address/address.h"

namespace tidemill::postgres {
namespace {

constexpr std::int64_t kConnectionsMax = 1000;
constexpr std::size_t kNameBytesMax = 63;  // NAMEDATALEN - 1

constexpr config::Row<PostgresSettings> kPostgres[] = {
    {"url",
     config::Of<&PostgresSettings::url>,
     {.doc = "Where PostgreSQL is: \"postgres://user:password@host:5432/database?sslmode=verify-full\", or "
             "\"host=… dbname=…\" as libpq reads it, several hosts too. What it does not say is taken from "
             "PGHOST, PGUSER and their like, and the password from ~/.pgpass. Not used when empty.",
      .reload = config::Reload::kNo}},
    {"password",
     config::Of<&PostgresSettings::password>,
     {.doc = "Password where the URL has none.", .reload = config::Reload::kNo}},
    {"schema",
     config::Of<&PostgresSettings::schema>,
     {.doc = "The schema that our own tables live in; made when it is not there.",
      .reload = config::Reload::kNo}},
    {"connect_timeout",
     config::Of<&PostgresSettings::connect_timeout>,
     {.doc = "Until a session is open: names, TCP, TLS and authentication of all hosts together. "
             "connect_timeout in the URL goes before it.",
      .min = 100,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"io_timeout",
     config::Of<&PostgresSettings::io_timeout>,
     {.doc = "How much longer than its statement_timeout an answer may take; then the connection is made "
             "anew.",
      .min = 100,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"statement_timeout",
     config::Of<&PostgresSettings::statement_timeout>,
     {.doc = "How long PostgreSQL works on one statement before it gives it up (57014); 0: without end.",
      .max = 24 * config::kHour,
      .reload = config::Reload::kNo}},
    {"lock_timeout",
     config::Of<&PostgresSettings::lock_timeout>,
     {.doc = "How long a statement waits for a lock before PostgreSQL gives it up (55P03); 0: without end.",
      .max = 24 * config::kHour,
      .reload = config::Reload::kNo}},
    {"transaction_idle_max",
     config::Of<&PostgresSettings::transaction_idle_max>,
     {.doc = "How long a transaction may stand still between two statements before PostgreSQL ends it with "
             "its connection; 0: without end.",
      .max = 24 * config::kHour,
      .reload = config::Reload::kNo}},
};

constexpr config::Row<PoolSettings> kPool[] = {
    {"shared_connections",
     config::Of<&PoolSettings::shared_connections>,
     {.doc = "Connections of each loop that carry many statements at once, each a transaction of its own.",
      .min = 1,
      .max = kConnectionsMax,
      .reload = config::Reload::kNo}},
    {"exclusive_connections",
     config::Of<&PoolSettings::exclusive_connections>,
     {.doc =
          "Connections of each loop, at most, for transactions of several steps and for slow statements. One "
          "more is for statements that have been fast and then took long once.",
      .min = 1,
      .max = kConnectionsMax,
      .reload = config::Reload::kNo}},
    {"in_flight_max",
     config::Of<&PoolSettings::in_flight_max>,
     {.doc = "Statements on one shared connection that wait for their answer.",
      .min = 1,
      .max = 65'536,
      .reload = config::Reload::kNo}},
    {"wait_max",
     config::Of<&PoolSettings::wait_max>,
     {.doc = "How long a statement or transaction waits for a connection before it is refused.",
      .min = 1,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"waiting_max",
     config::Of<&PoolSettings::waiting_max>,
     {.doc =
          "How many wait for a connection at once, on each loop; one more is refused at once. Those of one "
          "statement leave a quarter of it to others.",
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"idle_max",
     config::Of<&PoolSettings::idle_max>,
     {.doc = "An exclusive connection that nobody needed for so long is closed.",
      .min = config::kSecond,
      .max = 24 * config::kHour,
      .reload = config::Reload::kNo}},
    {"lifetime_max",
     config::Of<&PoolSettings::lifetime_max>,
     {.doc = "A connection older than this is made anew when it is free.",
      .min = config::kSecond,
      .max = 168 * config::kHour,
      .reload = config::Reload::kNo}},
    {"ready_grace",
     config::Of<&PoolSettings::ready_grace>,
     {.doc = "How long PostgreSQL may be away before /ready says 503.",
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"reconnect_delay_max",
     config::Of<&PoolSettings::reconnect_delay_max>,
     {.doc = "The longest pause before the next attempt to connect.",
      .min = 50,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
};

constexpr config::Row<LimitSettings> kLimits[] = {
    {"rows_max",
     config::Of<&LimitSettings::rows_max>,
     {.doc = "Rows of one result; a larger one is an error.",
      .min = 1,
      .max = 1'000'000'000,
      .reload = config::Reload::kNo}},
    {"result_bytes_max",
     config::Of<&LimitSettings::result_bytes_max>,
     {.doc = "Bytes of one result.", .min = 1024, .max = 1024 * config::kGiB, .reload = config::Reload::kNo}},
    {"row_bytes_max",
     config::Of<&LimitSettings::row_bytes_max>,
     {.doc = "Bytes of one row.", .min = 1024, .max = config::kGiB - 1, .reload = config::Reload::kNo}},
    {"statement_bytes_max",
     config::Of<&LimitSettings::statement_bytes_max>,
     {.doc = "Bytes of one statement with its parameters.",
      .min = 1024,
      .max = config::kGiB - 1,
      .reload = config::Reload::kNo}},
};

// The URL is not quoted: there may be a password in it.
void Check(const PostgresSettings& postgres, const std::string& prefix, config::Findings& findings) {
  if (postgres.schema.empty() || postgres.schema.size() > kNameBytesMax ||
      postgres.schema.starts_with("pg_")) {
    findings.push_back(
        {prefix + "schema", {}, ": 1 to 63 bytes, and not \"pg_…\", which PostgreSQL keeps to itself"});
  }
  if (!postgres.given()) return;
  const auto address = Address::Parse(postgres.url.value, postgres.password.value, Environment::OfProcess());
  if (address) return;
  findings.push_back({prefix + "url", {}, ": not an address of PostgreSQL: " + address.error().detail});
}

}  // namespace

config::Section<PostgresSettings> PostgresSection() { return {.rows = kPostgres, .check = Check}; }
config::Section<PoolSettings> PoolSection() { return {.rows = kPool}; }
config::Section<LimitSettings> LimitSection() { return {.rows = kLimits}; }

}  // namespace tidemill::postgres
