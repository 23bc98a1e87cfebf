#include "postgres/address/keywords.h"

#include <algorithm>
#include <vector>

#include "base/nearest.h"

namespace tidemill::postgres {
namespace {

constexpr std::string_view kNoGss = "Kerberos is not supported";
constexpr std::string_view kNoCrl = "revocation lists are not supported";
constexpr std::string_view kNoService = "service files are not read; write the parameters here";
constexpr std::string_view kOurs = "chosen by the program itself";
constexpr std::string_view kNoKeyPassword =
    "the client's key must not be encrypted; protect its file instead";
constexpr std::string_view kNoOauth = "OAuth is not supported";
constexpr std::string_view kPool = "how many connections there are is said by storage.postgres.pool";
constexpr std::string_view kSearchPath = "write options=-csearch_path=NAME in its place";

constexpr Keyword kKeywords[] = {
    {"host", "PGHOST", ""},
    {"hostaddr", "PGHOSTADDR", ""},
    {"port", "PGPORT", ""},
    {"dbname", "PGDATABASE", ""},
    {"user", "PGUSER", ""},
    {"password", "PGPASSWORD", ""},
    {"passfile", "PGPASSFILE", ""},
    {"application_name", "PGAPPNAME", ""},
    {"fallback_application_name", "", ""},
    {"options", "PGOPTIONS", ""},
    {"client_encoding", "PGCLIENTENCODING", ""},
    {"connect_timeout", "PGCONNECT_TIMEOUT", ""},
    {"target_session_attrs", "PGTARGETSESSIONATTRS", ""},
    {"load_balance_hosts", "PGLOADBALANCEHOSTS", ""},
    {"sslmode", "PGSSLMODE", ""},
    {"sslnegotiation", "PGSSLNEGOTIATION", ""},
    {"sslrootcert", "PGSSLROOTCERT", ""},
    {"sslcert", "PGSSLCERT", ""},
    {"sslkey", "PGSSLKEY", ""},
    {"sslsni", "PGSSLSNI", ""},
    {"sslcompression", "PGSSLCOMPRESSION", ""},
    {"ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", ""},
    {"gssencmode", "PGGSSENCMODE", ""},
    {"channel_binding", "PGCHANNELBINDING", ""},
    {"require_auth", "PGREQUIREAUTH", ""},
    {"keepalives", "", ""},
    {"keepalives_idle", "", ""},
    {"keepalives_interval", "", ""},
    {"keepalives_count", "", ""},
    {"tcp_user_timeout", "", ""},
    // Libpq's that are not understood.
    {"service", "PGSERVICE", kNoService},
    {"servicefile", "PGSERVICEFILE", kNoService},
    {"replication", "", kOurs},
    {"sslcrl", "PGSSLCRL", kNoCrl},
    {"sslcrldir", "PGSSLCRLDIR", kNoCrl},
    {"sslpassword", "", kNoKeyPassword},
    {"sslcertmode", "PGSSLCERTMODE", "a certificate is sent when sslcert is given"},
    {"ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", "the newest version is always taken"},
    {"sslkeylogfile", "", "keys are not logged"},
    {"requirepeer", "PGREQUIREPEER", "not supported"},
    {"requiressl", "PGREQUIRESSL", "write sslmode=require in its place"},
    {"krbsrvname", "PGKRBSRVNAME", kNoGss},
    {"gsslib", "PGGSSLIB", kNoGss},
    {"gssdelegation", "PGGSSDELEGATION", kNoGss},
    {"scram_client_key", "", "write the password in its place"},
    {"scram_server_key", "", "write the password in its place"},
    {"min_protocol_version", "PGMINPROTOCOLVERSION", kOurs},
    {"max_protocol_version", "PGMAXPROTOCOLVERSION", kOurs},
    {"oauth_issuer", "", kNoOauth},
    {"oauth_client_id", "", kNoOauth},
    {"oauth_client_secret", "", kNoOauth},
    {"oauth_scope", "", kNoOauth},
    // Of other drivers, often found in URLs.
    {"schema", "", kSearchPath},
    {"search_path", "", kSearchPath},
    {"currentSchema", "", kSearchPath},
    {"statement_timeout", "", "it is storage.postgres.statement_timeout"},
    {"pgbouncer", "", "PgBouncer is noticed by itself"},
    {"connection_limit", "", kPool},
    {"pool_timeout", "", kPool},
    {"pool_max_conns", "", kPool},
    {"pool_min_conns", "", kPool},
    {"sslaccept", "", "write sslmode in its place"},
};

}  // namespace

std::span<const Keyword> Keywords() { return kKeywords; }

const Keyword* FindKeyword(std::string_view name) {
  const auto* const found = std::ranges::find(kKeywords, name, &Keyword::name);
  return found == std::ranges::end(kKeywords) ? nullptr : found;
}

std::optional<std::string> NearestKeyword(std::string_view name) {
  std::vector<std::string> names;
  for (const Keyword& keyword : kKeywords) {
    if (keyword.refusal.empty()) names.emplace_back(keyword.name);
  }
  return Nearest(name, names);
}

}  // namespace tidemill::postgres
