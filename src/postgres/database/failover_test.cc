// Servers that take no writes: standbys, those that become one, and those that are told to: no write stays on
// one unnoticed.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "postgres/testing/answers.h"
#include "postgres/testing/each_version.h"
#include "postgres/testing/fake_server.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using sql::Effect;
using sql::FailureKind;
using testing::DriveUntil;
using testing::FakeServer;
using testing::OnLoop;
using testing::PostgresServer;

const sql::Call kInsert{.statement = sql::Statement("insert into kept values (1)")};

class FailoverTest : public ::testing::TestWithParam<testing::Version> {
 protected:
  static std::string UrlOf(const PostgresServer& first, const PostgresServer& second) {
    return "postgres://postgres@127.0.0.1:" + std::to_string(first.port()) +
           ",127.0.0.1:" + std::to_string(second.port()) + "/postgres?target_session_attrs=read-write";
  }
  bool Arrives(OnLoop& db) {
    return DriveUntil(*db.loop, [&] {
      return standby->Run("select count(*) from pg_class where relname = 'kept'") == "1";
    });
  }

  PostgresServer primary{{.version = GetParam(), .sql = "create table kept(n int)"}};
  std::unique_ptr<PostgresServer> standby = primary.MakeStandby();
};

INSTANTIATE_TEST_SUITE_P(Versions, FailoverTest, testing::EachVersion(), testing::VersionName);

TEST_P(FailoverTest, AWriteNeverStaysOnAServerThatBecameAStandby) {
  OnLoop db(UrlOf(primary, *standby));
  ASSERT_TRUE(db.Run(kInsert));
  ASSERT_TRUE(Arrives(db));
  primary.Kill();
  standby->Promote();
  ASSERT_TRUE(DriveUntil(*db.loop, [&] { return db.Run("insert into kept values (2)").has_value(); }));
  EXPECT_EQ(standby->Run("select count(*) from kept where n = 2"), "1");
}

TEST_P(FailoverTest, AStandbyReadsAndRefusesWritesByName) {
  OnLoop db(standby->url());
  ASSERT_TRUE(Arrives(db));
  const sql::Call read{.statement = sql::Statement("select count(*) from kept"),
                       .access = sql::Access::kRead};
  EXPECT_TRUE(db.Run(read));
  const auto written = db.Run(kInsert);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, FailureKind::kReadOnly);
  EXPECT_EQ(written.error().code, "25006");
  EXPECT_EQ(written.error().effect, Effect::kNone);
  // It may be the primary of before: its connection is made anew, and finds out.
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return db.metrics.disconnects.value() == 1; }));
  EXPECT_TRUE(DriveUntil(*db.loop,
                         [&] { return db.metrics.connections.value() == 2 && !db.database->down_since(); }));
  EXPECT_TRUE(db.Run(read));

  auto reading = db.Wait(db.database->Begin({.access = sql::Access::kRead}));
  ASSERT_TRUE(reading);
  EXPECT_TRUE(db.Wait((*reading)->Run(read)));
  const auto inside = db.Wait((*reading)->Run(kInsert));
  ASSERT_FALSE(inside);
  EXPECT_EQ(inside.error().kind, FailureKind::kReadOnly);
  reading->reset();
  auto writing = db.Wait(db.database->Begin({}));
  ASSERT_TRUE(writing);
  const auto refused = db.Wait((*writing)->Run(kInsert));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::kReadOnly) << refused.error().code;
  writing->reset();

  primary.Kill();
  standby->Promote();
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return db.Run(kInsert).has_value(); }));
}

TEST_P(FailoverTest, AServerThatIsToldToBeReadOnlyIsLeft) {
  OnLoop db(UrlOf(primary, *standby));
  ASSERT_TRUE(db.Run(kInsert));
  primary.Run("alter system set default_transaction_read_only = on");
  primary.Run("select pg_reload_conf()");
  // Either by the server, or because it has told the connection of its change before.
  const auto refused = [&] {
    const auto written = db.Run(kInsert);
    if (written) return false;
    EXPECT_TRUE(written.error().kind == FailureKind::kReadOnly ||
                written.error().kind == FailureKind::kUnavailable)
        << written.error().message;
    EXPECT_EQ(written.error().effect, Effect::kNone);
    return true;
  };
  EXPECT_TRUE(DriveUntil(*db.loop, refused));
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return !db.Run(kInsert) && db.database->down_since().has_value(); }))
      << "no server of the list takes writes";
  primary.Run("alter system reset default_transaction_read_only");
  primary.Run("select pg_reload_conf()");
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return db.Run(kInsert).has_value(); }, Seconds(30)));
}

// --- a server that says what real ones say only in the moment of a change

// What the five messages of an unnamed statement get: nothing until the Sync.
void AddAnswers(std::vector<std::string>& answers, const std::string& at_its_end) {
  answers.insert(answers.end(), {"", "", "", "", at_its_end + testing::ReadyForQuery()});
}

DatabaseOptions OneConnection() {
  DatabaseOptions options;
  options.pool.shared_connections = 1;
  return options;
}

const sql::Call kUnnamed{.statement =
                             sql::Statement("select 1", {.reuse = sql::Reuse::kOnce, .parameter_oids = {}})};

TEST(HotStandby, AServerThatReportsToBeOneIsLeft) {
  for (const char* now : {"on", "off"}) {
    SCOPED_TRACE(now);
    std::vector<std::string> answers{testing::Greeting(testing::ParameterStatus("in_hot_standby", "off"))};
    AddAnswers(answers, testing::OneInteger("9"));
    AddAnswers(answers, testing::OneInteger("1") + testing::ParameterStatus("in_hot_standby", now));
    FakeServer server(std::move(answers));
    OnLoop db(server.url("?sslmode=disable"), OneConnection());
    (void)db.Run(kUnnamed);
    const bool is_standby = std::string_view(now) == "on";
    EXPECT_EQ(db.metrics.disconnects.value(), is_standby ? 1u : 0u);
    if (!is_standby) continue;
    ASSERT_TRUE(DriveUntil(*db.loop, [&] { return server.connections() == 2; })) << "and tried again";
  }
}

TEST(HotStandby, AWriteThatIsRefusedAsReadOnlyEndsTheConnectionUnlessTheServerIsAPrimary) {
  for (const char* in_hot_standby : {"", "on", "off"}) {
    SCOPED_TRACE(in_hot_standby);
    const bool is_reported = *in_hot_standby != '\0';
    std::vector<std::string> answers{
        testing::Greeting(is_reported ? testing::ParameterStatus("in_hot_standby", in_hot_standby) : "")};
    AddAnswers(answers, testing::OneInteger("9"));
    AddAnswers(answers, testing::StatementError("25006", "no"));
    FakeServer server(std::move(answers));
    OnLoop db(server.url("?sslmode=disable"), OneConnection());
    const auto refused = db.Run(kUnnamed);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, FailureKind::kReadOnly) << refused.error().message;
    EXPECT_EQ(refused.error().effect, Effect::kNone);
    const bool is_primary = std::string_view(in_hot_standby) == "off";
    EXPECT_EQ(db.metrics.disconnects.value(), is_primary ? 0u : 1u);
  }
}

}  // namespace
}  // namespace tidemill::postgres
