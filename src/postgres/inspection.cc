#include "postgres/inspection.h"

#include <charconv>
#include <utility>

#include "net/until.h"
#include "postgres/opening/from_settings.h"
#include "postgres/opening/question.h"

namespace tidemill::postgres {
namespace {

constexpr std::string_view kQuery =
    "select current_user, current_database(), current_setting('server_encoding'), "
    "current_setting('wal_level'), "
    "current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, "
    "(select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend'), "
    "(extract(epoch from clock_timestamp()) * 1000)::bigint, pg_backend_pid(), "
    "has_database_privilege(current_database(), 'CREATE'), "
    "(select rolsuper or rolreplication from pg_catalog.pg_roles where rolname = current_user), "
    "pg_is_in_recovery()";
constexpr std::size_t kFields = 11;

template <class T>
T Number(const std::string& text) {
  T number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool IsLocal(const Server& server) {
  const std::string& host = server.ip.empty() ? server.host : server.ip;
  return server.is_unix() || host == "localhost" || host == "::1" || host.starts_with("127.");
}

// Owns the conversation: it may outlive whoever waits, to the end of the turn.
Task<Result<sql::Result<std::vector<std::string>>>> Ask(std::shared_ptr<Conversation> conversation) {
  co_return co_await AskForRow(*conversation, std::string(kQuery));
}

void Take(const std::vector<std::string>& fields, std::int32_t process_id, Inspection& found) {
  found.user = fields[0];
  found.database = fields[1];
  found.encoding = fields[2];
  found.wal_level = fields[3];
  found.connections_max = Number<std::uint32_t>(fields[4]);
  found.connections = Number<std::uint32_t>(fields[5]);
  found.is_pooled = Number<std::int32_t>(fields[7]) != process_id;
  found.may_create = fields[8] == "t";
  found.may_replicate = fields[9] == "t";
  found.is_standby = fields[10] == "t";
}

Task<Inspection> AskServer(net::Loop& loop, OpenOptions options, Duration patience) {
  const Server server = options.address.servers[0];
  Inspection found{.server = server.ToString(), .is_local = IsLocal(server)};
  const auto opener = SessionOpener::Make(std::move(options));
  if (!opener) {
    found.error = {.kind = sql::FailureKind::kInternal, .message = opener.error().detail};
    co_return found;
  }
  auto session = co_await (*opener)->Open(loop, Purpose::kQueries);
  if (!session) {
    found.error = std::move(session.error());
    co_return found;
  }
  found.version = session->version;
  found.is_tls = session->stream->is_tls();
  const MonotonicTime begun = loop.clock().Now();
  auto row = co_await net::Until(loop, begun + patience,
                                 Ask(std::make_shared<Conversation>(std::move(session->stream))));
  if (!row) {
    found.error = {.kind = sql::FailureKind::kTimeout, .message = "it lets us in, and does not answer"};
  } else if (!*row) {
    found.error = std::move(row->error());
  } else if ((*row)->size() != kFields) {
    found.error = {.kind = sql::FailureKind::kInternal, .message = "an answer of another form"};
  }
  if (found.error) co_return found;
  Take(**row, session->key.process_id, found);
  found.clock_error = Milliseconds((loop.clock().Now() - begun).ms / 2);
  const std::int64_t ours = loop.clock().WallNow().ms - found.clock_error.ms;
  found.clock_ahead = Milliseconds(Number<std::int64_t>((**row)[6]) - ours);
  co_return found;
}

}  // namespace

Task<Result<std::vector<Inspection>>> Inspect(net::Loop& loop, PostgresSettings settings) {
  TM_CO_TRY_ASSIGN(const OpenOptions options, OpenOptionsFor(settings));
  std::vector<Inspection> all;
  for (const Server& server : options.address.servers) {
    OpenOptions alone = options;
    alone.address.servers = {server};
    alone.address.target = SessionTarget::kAny;
    all.push_back(co_await AskServer(loop, std::move(alone), settings.connect_timeout));
  }
  co_return all;
}

}  // namespace tidemill::postgres
