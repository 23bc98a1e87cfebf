// Settings of PostgreSQL: storage.postgres. address/address.h says how a URL looks.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "config/secret.h"
#include "config/section_fwd.h"

namespace tidemill::postgres {

// Connections of one loop. "Shared": many statements are in flight on one connection, each a transaction of
// its own. "Exclusive": lent to one caller for a transaction of several steps.
struct PoolSettings {
  std::uint32_t shared_connections = 2;
  std::uint32_t exclusive_connections = 4;
  std::uint32_t in_flight_max = 256;  // statements on one shared connection
  Duration wait_max = Seconds(5);     // for a place on a connection; then kTimeout
  std::uint32_t waiting_max = 1000;   // callers that wait at once; one more gets kLimitExceeded
  Duration idle_max = Minutes(10);    // an exclusive connection that nobody used for so long is closed
  Duration lifetime_max = Hours(1);   // then a connection is made anew, when it is free
  Duration ready_grace = Seconds(5);  // how long it may be away before /ready says so
  Duration reconnect_delay_max = Seconds(2);  // between attempts; each is drawn from 0 to it
  friend bool operator==(const PoolSettings&, const PoolSettings&) = default;
};

// Of one statement. What is over them ends the statement with kLimitExceeded.
struct LimitSettings {
  std::uint32_t rows_max = 10'000;
  std::uint64_t result_bytes_max = 64u << 20;
  std::uint64_t row_bytes_max = 16u << 20;
  std::uint64_t statement_bytes_max = 4u << 20;  // text and parameters together
  friend bool operator==(const LimitSettings&, const LimitSettings&) = default;
};

struct PostgresSettings {
  config::Secret url;       // "postgres://user@host/db", "host=… dbname=…"; empty: PostgreSQL is not used
  config::Secret password;  // where the URL has none
  std::string schema = "tidemill";  // of our own tables
  Duration connect_timeout = Seconds(5);
  Duration io_timeout = Seconds(10);        // beyond statement_timeout, without an answer: connection ends
  Duration statement_timeout = Seconds(5);  // the server ends what takes longer (57014); 0: never
  Duration lock_timeout = Seconds(2);       // the server ends what waits longer for a lock (55P03); 0: never
  Duration transaction_idle_max = Seconds(5);  // the server ends a transaction that stands still; 0: never
  PoolSettings pool;
  LimitSettings limits;
  bool given() const { return !url.empty(); }
  friend bool operator==(const PostgresSettings&, const PostgresSettings&) = default;
};

config::Section<PostgresSettings> PostgresSection();  // storage.postgres.
config::Section<PoolSettings> PoolSection();          // storage.postgres.pool.
config::Section<LimitSettings> LimitSection();        // storage.postgres.limits.

}  // namespace tidemill::postgres
