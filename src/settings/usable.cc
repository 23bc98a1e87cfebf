#include "settings/usable.h"

#include <string>
#include <utility>
#include <vector>

#include "net/socket.h"
#include "net/tls.h"
#include "postgres/opening/from_settings.h"
#include "redis/topology.h"
#include "settings/settings.h"
#include "sqlite/file.h"

namespace tidemill::settings {
namespace {

using Problems = std::vector<std::string>;

void CheckAddresses(const std::string& key, const std::vector<std::string>& texts, Problems& problems) {
  for (const std::string& text : texts) {
    const Result<net::ListenAddress> address = net::ListenAddress::Parse(text);
    const Result<void> bindable = address ? net::CheckBindable(*address) : std::unexpected(address.error());
    if (!bindable) problems.push_back(key + ": " + bindable.error().detail);
  }
}

void CheckTls(const http::ServerSettings& server, Problems& problems) {
  if (server.tls_cert_file.empty()) return;
  const auto opened = net::OpenServerTls(server.tls_cert_file, server.tls_key_file);
  if (opened) return;
  const bool of_key = opened.error().detail.starts_with("key ");
  problems.push_back(std::string("http_server.tls.") + (of_key ? "key_pem: " : "cert_pem: ") +
                     opened.error().detail);
}

void CheckRedis(const broker::BrokerSettings& broker, Problems& problems) {
  if (broker.type != "redis") return;
  if (const auto opened = redis::OpenTopology(broker.redis); !opened) {
    problems.push_back(opened.error().detail);
  }
}

void CheckSqlite(const sqlite::SqliteSettings& sqlite, Problems& problems) {
  if (!sqlite.given()) return;
  if (const auto usable = sqlite::CheckPath(sqlite.path); !usable) {
    problems.push_back("storage.sqlite.path = " + usable.error().detail);
  }
}

void CheckPostgres(const postgres::PostgresSettings& postgres, Problems& problems) {
  if (!postgres.given()) return;
  if (const auto opened = postgres::OpenerFor(postgres); !opened) problems.push_back(opened.error().detail);
}

}  // namespace

Result<void> CheckUsable(const Settings& settings) {
  Problems problems;
  CheckAddresses("http_server.listen", settings.http_server.listen, problems);
  CheckAddresses("http_server.internal_listen", settings.http_server.internal_listen, problems);
  if (settings.jobs.enabled) {
    CheckAddresses("jobs.faktory.listen", settings.faktory.listen, problems);
    CheckAddresses("jobs.nodes.listen", settings.job_nodes.listen, problems);
  }
  CheckTls(settings.http_server, problems);
  CheckRedis(settings.broker, problems);
  CheckSqlite(settings.sqlite, problems);
  CheckPostgres(settings.postgres, problems);
  if (problems.empty()) return {};
  std::string lines;
  for (const std::string& problem : problems) lines += (lines.empty() ? "" : "\n") + problem;
  return Fail(Errc::kInvalidArgument, std::move(lines));
}

}  // namespace tidemill::settings
