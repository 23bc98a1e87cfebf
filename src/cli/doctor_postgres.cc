#include "cli/doctor_postgres.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/on_loop.h"
#include "postgres/advice.h"
#include "postgres/inspection.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

using postgres::Inspection;

constexpr std::uint32_t kVersionMin = 130'000;      // the oldest that is looked after, and tried
constexpr std::uint32_t kVersionAutoWal = 190'000;  // logical decoding switches itself on
constexpr std::int64_t kClockMsMax = 1000;

std::string Subject(const Inspection& server, std::string_view what = "") {
  return fmt::format("PostgreSQL {}{}{}", server.server, what.empty() ? "" : ": ", what);
}

std::string VersionOf(std::uint32_t version) {
  return version == 0 ? "of an unknown version" : fmt::format("{}.{}", version / 10'000, version % 10'000);
}

Diagnosis OfServer(const Inspection& server) {
  if (server.error) {
    std::string text = sql::ToError(*server.error).detail;
    if (const std::string_view advice = postgres::AdviceFor(*server.error); !advice.empty()) {
      text += fmt::format("; {}", advice);
    }
    return {Verdict::kFail, Subject(server), text};
  }
  const std::string text = fmt::format("{}, {}, database {} as {}, {}", VersionOf(server.version),
                                       server.is_standby ? "standby" : "primary", server.database,
                                       server.user, server.is_tls ? "over TLS" : "not encrypted");
  if (server.version != 0 && server.version < kVersionMin) {
    return {Verdict::kFail, Subject(server), text + ": older than version 13; upgrade it"};
  }
  if (server.encoding != "UTF8") {
    return {Verdict::kFail, Subject(server),
            fmt::format("{}: its encoding is {}; create the database anew with encoding UTF8", text,
                        server.encoding)};
  }
  if (server.is_standby) {
    return {
        Verdict::kWarn, Subject(server),
        text + ": a standby takes no writes; list the primary as well, with target_session_attrs=read-write"};
  }
  if (!server.is_tls && !server.is_local) {
    return {Verdict::kWarn, Subject(server),
            text + ": whoever stands in between may read everything; add sslmode=verify-full"};
  }
  return {Verdict::kOk, Subject(server), text};
}

void CheckRights(const Inspection& server, Diagnoses& out) {
  const std::string subject = Subject(server, "rights");
  if (server.may_create || server.is_standby) {
    out.push_back({Verdict::kOk, subject, "may create schemas"});
  } else {
    out.push_back({Verdict::kFail, subject,
                   fmt::format("{} may not create schemas in {}: grant create on database \"{}\" to \"{}\"",
                               server.user, server.database, server.database, server.user)});
  }
}

// Only whoever wants changes as they happen needs more than the default.
void CheckWal(const Inspection& server, Diagnoses& out) {
  const std::string subject = Subject(server, "change log");
  if (server.wal_level == "logical" || server.version >= kVersionAutoWal) {
    const bool may = server.may_replicate;
    out.push_back(
        {Verdict::kOk, subject,
         fmt::format("wal_level {}{}", server.wal_level,
                     may ? "" : fmt::format("; to follow it: alter role \"{}\" replication", server.user))});
  } else {
    out.push_back(
        {Verdict::kOk, subject,
         fmt::format("wal_level {}: changes cannot be followed; for that, set it to logical and restart "
                     "PostgreSQL",
                     server.wal_level)});
  }
}

void CheckClockOf(const Inspection& server, Diagnoses& out) {
  const std::string subject = Subject(server, "clock");
  const std::int64_t ahead = server.clock_ahead.ms;
  if (std::abs(ahead) <= kClockMsMax + server.clock_error.ms) {
    out.push_back({Verdict::kOk, subject, "the same as here"});
  } else {
    out.push_back(
        {Verdict::kWarn, subject,
         fmt::format("{:.1f} s {} this machine's: set both by NTP",
                     static_cast<double>(std::abs(ahead)) / 1000, ahead > 0 ? "ahead of" : "behind")});
  }
}

void CheckConnections(const Inspection& server, const settings::Settings& settings, Diagnoses& out) {
  const std::string subject = Subject(server, "connections");
  const postgres::PoolSettings& pool = settings.postgres.pool;
  const std::uint64_t loops = settings.loops != 0 ? settings.loops : std::thread::hardware_concurrency();
  constexpr std::uint64_t kDoubtful = 1;  // for statements that took long once
  const std::uint64_t wanted = loops * (pool.shared_connections + pool.exclusive_connections + kDoubtful);
  const std::string text = fmt::format("this node wants up to {} ({} loop(s)), the server has {}, in use {}",
                                       wanted, loops, server.connections_max, server.connections);
  if (server.is_pooled) {
    out.push_back({Verdict::kWarn, subject,
                   text +
                       ": PgBouncer or its like stands in between; what follows changes or listens needs a "
                       "connection past it, or its session mode"});
  } else if (wanted > server.connections_max) {
    out.push_back(
        {Verdict::kFail, subject, text + ": lower storage.postgres.pool, or raise max_connections"});
  } else if (wanted * 10 > std::uint64_t{server.connections_max} * 8) {
    out.push_back(
        {Verdict::kWarn, subject,
         text + ": little is left for others and for a second node; lower storage.postgres.pool, or raise "
                "max_connections"});
  } else {
    out.push_back({Verdict::kOk, subject, text});
  }
}

}  // namespace

void CheckPostgres(const settings::Settings& settings, Diagnoses& out) {
  if (!settings.postgres.given()) return;
  const auto loop = net::Loop::Open({});
  if (!loop) {
    out.push_back({Verdict::kFail, "PostgreSQL", loop.error().detail});
    return;
  }
  const auto found = RunOnLoop(**loop, postgres::Inspect(**loop, settings.postgres));
  if (!found) return;
  if (!*found) {
    out.push_back({Verdict::kFail, "PostgreSQL", found->error().detail});
    return;
  }
  for (const Inspection& server : **found) {
    out.push_back(OfServer(server));
    if (server.error) continue;
    CheckRights(server, out);
    CheckWal(server, out);
    CheckClockOf(server, out);
    CheckConnections(server, settings, out);
  }
}

}  // namespace tidemill::cli
