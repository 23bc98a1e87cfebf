#include "postgres/inspection.h"

#include <gtest/gtest.h>

#include "net/testing/certificate.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "postgres/advice.h"
#include "postgres/testing/fake_server.h"
#include "postgres/testing/pgbouncer.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using net::testing::CertificateFiles;
using testing::FakeServer;
using testing::Pgbouncer;
using testing::PostgresServer;

class InspectionTest : public ::testing::Test {
 protected:
  std::vector<Inspection> Look(const std::string& url, Duration timeout = tidemill::testing::kPatience) {
    auto found = net::testing::RunTask(
        *loop_, Inspect(*loop_, {.url = config::Secret{url}, .connect_timeout = timeout}));
    EXPECT_TRUE(found) << found.error().detail;
    return *std::move(found);
  }

  const std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
};

TEST_F(InspectionTest, TellsWhatTheServerIsAndWhatWeMay) {
  const CertificateFiles files;
  const PostgresServer server({.lines = {"max_connections = 20", "superuser_reserved_connections = 4"},
                               .tls_certificate = files.certificate(),
                               .tls_key = files.key(),
                               .sql = "create role u login; create role w login replication; "
                                      "grant create on database postgres to w"});
  // Until the server has noticed the end of who made the roles.
  Inspection found;
  EXPECT_TRUE(net::testing::DriveUntil(*loop_, [&] {
    found = Look(server.url("?user=u")).at(0);
    return found.error || found.connections == 1;
  }));
  ASSERT_FALSE(found.error) << found.error->message;
  EXPECT_EQ(found.server, server.tcp().ToString());
  EXPECT_EQ(found.version / 10'000, 15u);
  EXPECT_EQ(found.user + found.database + found.encoding + found.wal_level, "upostgresUTF8logical");
  EXPECT_EQ(found.connections_max, 16u);
  EXPECT_EQ(found.connections, 1u);
  EXPECT_LE(std::abs(found.clock_ahead.ms), found.clock_error.ms + 50);
  EXPECT_FALSE(found.may_create || found.may_replicate || found.is_standby || found.is_pooled);
  EXPECT_TRUE(found.is_tls && found.is_local);
  const Inspection other = Look(server.url("?user=w&sslmode=disable")).at(0);
  EXPECT_TRUE(other.may_create && other.may_replicate);
  EXPECT_FALSE(other.is_tls);
}

TEST_F(InspectionTest, LooksAtEachServer) {
  const PostgresServer primary;
  const auto standby = primary.MakeStandby();
  const auto found = Look("postgres://postgres@127.0.0.1:" + std::to_string(primary.port()) +
                          ",127.0.0.1:" + std::to_string(standby->port()) +
                          ",127.0.0.1:1/postgres?target_session_attrs=primary");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_FALSE(found[0].error || found[0].is_standby);
  EXPECT_FALSE(found[1].error);
  EXPECT_TRUE(found[1].is_standby);
  ASSERT_TRUE(found[2].error);
  EXPECT_EQ(AdviceFor(*found[2].error), "is it running there, and may this machine reach it?");
}

TEST_F(InspectionTest, NoticesAPoolerInBetween) {
  const PostgresServer server;
  const Pgbouncer bouncer(server);
  const Inspection found = Look(bouncer.url()).at(0);
  ASSERT_FALSE(found.error) << found.error->message;
  EXPECT_TRUE(found.is_pooled);
}

TEST_F(InspectionTest, ASilentServerIsAFinding) {
  const FakeServer in_and_silent({testing::AuthenticationOk() + testing::Message('Z', "I")});
  const Inspection found = Look(in_and_silent.url("?sslmode=disable"), Milliseconds(300)).at(0);
  ASSERT_TRUE(found.error);
  EXPECT_EQ(found.error->kind, sql::FailureKind::kTimeout);
}

TEST_F(InspectionTest, NamesTheSettingThatIsWrong) {
  const auto found =
      net::testing::RunTask(*loop_, Inspect(*loop_, {.url = config::Secret{"postgres://u:hunter2@h:x"}}));
  ASSERT_FALSE(found);
  EXPECT_TRUE(found.error().detail.starts_with("storage.postgres.url: port: ")) << found.error().detail;
  EXPECT_FALSE(found.error().detail.contains("hunter2"));
}

TEST(Advice, IsGivenForWhatHappensMost) {
  for (const char* const code : {"28P01", "28000", "3D000", "53300", "57P03"}) {
    EXPECT_FALSE(AdviceFor({.code = code}).empty()) << code;
  }
  EXPECT_TRUE(AdviceFor({.kind = sql::FailureKind::kUnauthenticated}).empty());
  EXPECT_TRUE(
      AdviceFor({.kind = sql::FailureKind::kUnavailable, .message = "TLS handshake: x"}).contains("sslmode"));
}

}  // namespace
}  // namespace tidemill::postgres
