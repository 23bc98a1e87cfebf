#include "postgres/advice.h"

namespace tidemill::postgres {
namespace {

struct Advice {
  std::string_view code;
  std::string_view text;
};

constexpr Advice kByCode[] = {
    {"28P01",
     "check user and password in storage.postgres.url, storage.postgres.password, PGPASSWORD or ~/.pgpass"},
    {"28000",
     "pg_hba.conf of the server needs a line for this user, database, address and kind of connection, and "
     "the "
     "role needs LOGIN"},
    {"3D000", "create it with createdb, or correct its name in storage.postgres.url"},
    {"53300", "raise max_connections of the server, or take fewer with storage.postgres.pool"},
    {"57P03", "it starts up, shuts down or recovers; wait, and look into its log"},
    {"42704", "check options in storage.postgres.url"},
    {"22023", "check options in storage.postgres.url"},
    {"08P01", "is PgBouncer in between? It takes few startup parameters: see its ignore_startup_parameters"},
};

}  // namespace

std::string_view AdviceFor(const sql::Failure& failure) {
  for (const Advice& advice : kByCode) {
    if (failure.code == advice.code) return advice.text;
  }
  if (!failure.code.empty() || failure.kind == sql::FailureKind::kUnauthenticated) return "";
  if (failure.message.contains("TLS")) {
    return "sslmode and sslrootcert in storage.postgres.url say what is wanted of the connection";
  }
  if (failure.kind == sql::FailureKind::kTimeout) {
    return "is it running there? A firewall that drops packets looks like this, too";
  }
  return "is it running there, and may this machine reach it?";
}

}  // namespace tidemill::postgres
