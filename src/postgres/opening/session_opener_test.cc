// Sessions that are opened on real servers.
#include "postgres/opening/session_opener.h"

#include <gtest/gtest.h>

#include <vector>

#include "net/async.h"
#include "net/testing/certificate.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "postgres/opening/testing/opening.h"
#include "postgres/testing/each_version.h"
#include "postgres/testing/pgbouncer.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using net::testing::CertificateFiles;
using sql::FailureKind;
using testing::Opening;
using testing::Pgbouncer;
using testing::PostgresServer;
using testing::Version;

class OnEachVersion : public Opening, public ::testing::WithParamInterface<Version> {};

INSTANTIATE_TEST_SUITE_P(Versions, OnEachVersion, testing::EachVersion(), testing::VersionName);

TEST_P(OnEachVersion, GivesAnIdleSessionWithItsFacts) {
  const PostgresServer server({.version = GetParam()});
  for (const std::string& url : {server.url(), server.unix_url()}) {
    SCOPED_TRACE(url);
    auto session = Open(url + "?application_name=it");
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_EQ(session->version / 10'000, GetParam() == Version::k18 ? 18u : 15u);
    EXPECT_EQ(session->parameters.at("client_encoding"), "UTF8");
    EXPECT_EQ(session->key.secret.size(), 4u);
    EXPECT_FALSE(session->is_standby);
    EXPECT_EQ(Ask(*session, "select current_user || ' ' || current_setting('application_name')"),
              "postgres it");
    EXPECT_EQ(Ask(*session, "select pg_backend_pid()"), std::to_string(session->key.process_id));
    EXPECT_EQ(session->address.front(), session->server.is_unix() ? '/' : '1');
  }
}

TEST_P(OnEachVersion, CancelsWhatASessionRuns) {
  const CertificateFiles files;
  const PostgresServer server(
      {.version = GetParam(), .tls_certificate = files.certificate(), .tls_key = files.key()});
  for (const char* const mode : {"?sslmode=disable", "?sslmode=require", "?sslmode=prefer"}) {
    SCOPED_TRACE(mode);
    const auto opener = Opener(server.url(mode));
    auto session = Open(*opener);
    ASSERT_TRUE(session) << session.error().message;
    Send(*session, "select pg_sleep(60)");
    const std::string runs = "select count(*) from pg_stat_activity where state = 'active' and pid = " +
                             std::to_string(session->key.process_id);
    ASSERT_TRUE(net::testing::DriveUntil(*loop_, [&] { return server.Run(runs) == "1"; }));
    const auto cancelled = Run(opener->Cancel(*loop_, session->server, session->key));
    ASSERT_TRUE(cancelled) << cancelled.error().message;
    EXPECT_EQ(Answer(*session), "57014");
  }
}

TEST_P(OnEachVersion, ChecksTheServersCertificateAsMuchAsItIsTold) {
  const CertificateFiles files;
  const CertificateFiles others;
  const CertificateFiles expired({.valid_from_s = -7200, .valid_to_s = -3600});
  const PostgresServer good(
      {.version = GetParam(), .tls_certificate = files.certificate(), .tls_key = files.key()});
  const PostgresServer old(
      {.version = GetParam(), .tls_certificate = expired.certificate(), .tls_key = expired.key()});
  const PostgresServer plain({.version = GetParam()});
  struct Case {
    const PostgresServer& server;
    const char* host;
    std::string parameters;
    const char* failure;  // nullptr: none
    const char* tls;      // what the server says of it
  };
  const std::string ca = "&sslrootcert=" + files.certificate();
  const std::string wrong_ca = "&sslrootcert=" + others.certificate();
  const std::string old_ca = "&sslrootcert=" + expired.certificate();
  const Case cases[] = {
      {good, "localhost", "sslmode=disable", nullptr, "f"},
      {good, "localhost", "sslmode=allow", nullptr, "f"},
      {good, "localhost", "sslmode=prefer", nullptr, "t"},
      {good, "localhost", "sslmode=require", nullptr, "t"},
      {good, "localhost", "sslmode=require" + ca, nullptr, "t"},
      {good, "localhost", "sslmode=require" + wrong_ca, "certificate verify failed", ""},
      {good, "localhost", "sslmode=verify-ca" + ca, nullptr, "t"},
      {good, "localhost", "sslmode=verify-ca" + wrong_ca, "certificate verify failed", ""},
      {good, "other.example", "sslmode=verify-ca" + ca, nullptr, "t"},
      {good, "localhost", "sslmode=verify-full" + ca, nullptr, "t"},
      {good, "other.example", "sslmode=verify-full" + ca, "ostname mismatch", ""},
      {good, "localhost", "sslmode=verify-full" + wrong_ca, "certificate verify failed", ""},
      {good, "localhost", "sslmode=verify-full", "certificate verify failed", ""},
      {good, "localhost", "sslrootcert=system", "certificate verify failed", ""},
      {good, "localhost", "sslmode=require&sslsni=0&ssl_min_protocol_version=TLSv1.3", nullptr, "t"},
      {old, "localhost", "sslmode=require", nullptr, "t"},
      {old, "localhost", "sslmode=verify-full" + old_ca, "expired", ""},
      {plain, "localhost", "sslmode=prefer", nullptr, "f"},
      {plain, "localhost", "sslmode=allow", nullptr, "f"},
      {plain, "localhost", "sslmode=require", "does not speak TLS", ""},
      {plain, "localhost", "sslmode=verify-full" + ca, "does not speak TLS", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.host) + " " + c.parameters);
    auto session = Open("postgres://postgres@" + std::string(c.host) + ":" + std::to_string(c.server.port()) +
                        "/postgres?hostaddr=127.0.0.1&" + c.parameters);
    if (c.failure == nullptr) {
      ASSERT_TRUE(session) << session.error().message;
      EXPECT_EQ(Ask(*session, "select ssl from pg_stat_ssl where pid = pg_backend_pid()"), c.tls);
    } else {
      ASSERT_FALSE(session);
      EXPECT_TRUE(session.error().message.contains(c.failure)) << session.error().message;
      EXPECT_EQ(session.error().kind, FailureKind::kUnavailable);
    }
  }
}

// Not inside its own callback, out of which the last answer came.
TEST_F(Opening, ASessionMayBeDroppedAtOnce) {
  const auto open = [](const SessionOpener& with, net::Loop& loop, Purpose purpose) -> Task<bool> {
    const auto session = co_await with.Open(loop, purpose);
    co_return session.has_value();
  };
  const auto opener = Opener(testing::SharedServer().url());
  EXPECT_TRUE(Run(open(*opener, *loop_, Purpose::kQueries)));
  EXPECT_TRUE(Run(open(*opener, *loop_, Purpose::kReplication)));
}

TEST_F(Opening, SpeaksTlsFromTheFirstByteToAServerThatKnowsIt) {
  const CertificateFiles files;
  const std::string direct = "?sslmode=require&sslnegotiation=direct";
  const PostgresServer new_server(
      {.version = Version::k18, .tls_certificate = files.certificate(), .tls_key = files.key()});
  auto session = Open(new_server.url(direct));
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->stream->alpn(), "postgresql");
  const PostgresServer old_server({.tls_certificate = files.certificate(), .tls_key = files.key()});
  const auto refused = Open(old_server.url(direct));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("TLS handshake")) << refused.error().message;
}

// pg_hba.conf has a line only for one kind of connection, and the other kind is tried first.
TEST_F(Opening, TriesTheOtherKindOfConnectionWhereSslmodeSaysSo) {
  const CertificateFiles files;
  const auto server_for = [&](const char* line) {
    return testing::ServerOptions{
        .hba = {line}, .tls_certificate = files.certificate(), .tls_key = files.key()};
  };
  const PostgresServer only_tls(server_for("hostssl all all all trust"));
  const PostgresServer only_plain(server_for("hostnossl all all all trust"));
  EXPECT_TRUE(Open(only_tls.url("?sslmode=allow")));
  EXPECT_TRUE(Open(only_tls.url("?sslmode=prefer")));
  EXPECT_TRUE(Open(only_plain.url("?sslmode=allow")));
  EXPECT_TRUE(Open(only_plain.url("?sslmode=prefer")));
  EXPECT_EQ(Open(only_plain.url("?sslmode=require")).error().code, "28000");
  EXPECT_EQ(Open(only_tls.url("?sslmode=disable")).error().code, "28000");
}

TEST_P(OnEachVersion, ShowsItsOwnCertificate) {
  const CertificateFiles server_files;
  const CertificateFiles own;
  const CertificateFiles others;
  const PostgresServer server({.version = GetParam(),
                               .hba = {"hostssl all test all cert"},
                               .tls_certificate = server_files.certificate(),
                               .tls_key = server_files.key(),
                               .tls_authorities = own.certificate(),
                               .sql = "create role test login"});
  const std::string url =
      "postgres://test@127.0.0.1:" + std::to_string(server.port()) + "/postgres?sslmode=require";
  auto session = Open(url + "&sslcert=" + own.certificate() + "&sslkey=" + own.key());
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(Ask(*session, "select current_user"), "test");
  EXPECT_EQ(Open(url).error().code, "28000");
  EXPECT_FALSE(Open(url + "&sslcert=" + others.certificate() + "&sslkey=" + others.key()));
}

TEST_F(Opening, SaysWhichFileOfTlsIsWrong) {
  const auto make = [](const std::string& parameters) {
    auto address = Address::Parse("postgres://u@h?" + parameters, "", {.os_user = "u"});
    EXPECT_TRUE(address) << address.error().detail;
    const auto opener = SessionOpener::Make({.address = *address});
    return opener ? "" : opener.error().detail;
  };
  EXPECT_TRUE(
      make("sslmode=verify-full&sslrootcert=/nowhere/ca.pem").contains("/nowhere/ca.pem: No such file"));
  EXPECT_TRUE(make("sslcert=/nowhere/c.pem&sslkey=/nowhere/k.pem").contains("/nowhere/c.pem: No such file"));
}

TEST_F(Opening, TellsWhyTheServerRefuses) {
  const PostgresServer server({.lines = {"max_connections = 3", "superuser_reserved_connections = 0"},
                               .hba = {"host all u all trust"},
                               .sql = "create role u login; create role v login"});
  const std::string base = "@127.0.0.1:" + std::to_string(server.port());
  const auto database = Open("postgres://u" + base + "/nowhere");
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, "3D000");
  EXPECT_EQ(database.error().kind, FailureKind::kUnauthenticated);
  EXPECT_TRUE(
      database.error().message.starts_with("127.0.0.1:" + std::to_string(server.port()) + ": database "))
      << database.error().message;
  EXPECT_EQ(Open("postgres://v" + base + "/postgres").error().code, "28000");
  EXPECT_EQ(Open("postgres://u" + base + "/postgres?options=-cnothing%3D1x").error().code, "42704");

  std::vector<OpenedSession> sessions;
  for (int i = 0; i < 3; ++i) {
    // The places of those before are free when the server has noticed their end.
    ASSERT_TRUE(net::testing::DriveUntil(*loop_, [&] {
      auto session = Open("postgres://u" + base + "/postgres");
      if (session) sessions.push_back(*std::move(session));
      return session.has_value();
    }));
  }
  const auto full = Open("postgres://u" + base + "/postgres");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, "53300");
  EXPECT_EQ(full.error().kind, FailureKind::kFull);
}

TEST_P(OnEachVersion, FindsTheServerThatIsWanted) {
  const PostgresServer primary({.version = GetParam()});
  const auto standby = primary.MakeStandby();
  const std::string both = "postgres://postgres@127.0.0.1:" + std::to_string(standby->port()) +
                           ",127.0.0.1:" + std::to_string(primary.port()) + "/postgres?target_session_attrs=";
  const auto found = [&](const std::string& url) -> std::string {
    const auto session = Open(url);
    if (!session) return session.error().message;
    return session->server.port == standby->port() ? "standby" : "primary";
  };
  EXPECT_EQ(found(both + "any"), "standby");
  EXPECT_EQ(found(both + "read-write"), "primary");
  EXPECT_EQ(found(both + "primary"), "primary");
  EXPECT_EQ(found(both + "read-only"), "standby");
  EXPECT_EQ(found(both + "standby"), "standby");
  EXPECT_EQ(found(both + "prefer-standby"), "standby");
  EXPECT_EQ(found(primary.url("?target_session_attrs=prefer-standby")), "primary");
  EXPECT_TRUE(found(primary.url("?target_session_attrs=standby")).contains("no standby"));
  EXPECT_TRUE(found(standby->url("?target_session_attrs=primary")).contains("is a standby"));
  EXPECT_TRUE(found(standby->url("?target_session_attrs=read-write")).contains("read-only"));
  EXPECT_TRUE(Open(standby->url())->is_standby);

  // PgBouncer does not report what it has behind it: it is asked.
  const Pgbouncer before_standby(*standby);
  const Pgbouncer before_primary(primary);
  EXPECT_TRUE(found(before_standby.url("?target_session_attrs=read-write")).contains("read-only"));
  EXPECT_TRUE(found(before_standby.url("?target_session_attrs=primary")).contains("is a standby"));
  EXPECT_EQ(found(before_primary.url("?target_session_attrs=read-write")), "primary");
  EXPECT_EQ(found(before_primary.url("?target_session_attrs=primary")), "primary");

  // One that is not there is passed over.
  const std::string gone = "127.0.0.1:1,127.0.0.1:" + std::to_string(primary.port());
  EXPECT_EQ(found("postgres://postgres@" + gone + "/postgres"), "primary");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(found("postgres://postgres@" + gone + "/postgres?load_balance_hosts=random"), "primary");
  }
}

TEST_P(OnEachVersion, FindsTheNewPrimaryAfterAFailover) {
  PostgresServer primary({.version = GetParam()});
  const auto standby = primary.MakeStandby();
  const auto opener =
      Opener("postgres://postgres@127.0.0.1:" + std::to_string(primary.port()) +
             ",127.0.0.1:" + std::to_string(standby->port()) + "/postgres?target_session_attrs=read-write");
  EXPECT_EQ(Open(*opener)->server.port, primary.port());
  primary.Kill();
  const auto between = Open(*opener);
  ASSERT_FALSE(between);
  EXPECT_TRUE(between.error().message.contains("refused")) << between.error().message;
  EXPECT_TRUE(between.error().message.contains("is read-only")) << between.error().message;
  standby->Promote();
  const auto after = Open(*opener);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->server.port, standby->port());
}

TEST_F(Opening, AServerThatStandsStillIsATimeout) {
  PostgresServer server;
  server.Stop();
  const auto still = Open(server.url(), Milliseconds(300));
  ASSERT_FALSE(still);
  EXPECT_EQ(still.error().kind, FailureKind::kTimeout);
  EXPECT_TRUE(still.error().message.contains("no answer in time")) << still.error().message;
  server.Continue();
  EXPECT_TRUE(Open(server.url()));
}

TEST_P(OnEachVersion, OpensASessionForReplication) {
  const PostgresServer server({.version = GetParam()});
  auto session = Run(Opener(server.url())->Open(*loop_, Purpose::kReplication));
  ASSERT_TRUE(session) << session.error().message;
  session->stream->SetHandler(&handler_);
  EXPECT_EQ(Ask(*session, "SHOW server_version").substr(0, 3), GetParam() == Version::k18 ? "18." : "15.");
  EXPECT_TRUE(Ask(*session, "IDENTIFY_SYSTEM").size() > 10);
}

}  // namespace
}  // namespace tidemill::postgres
