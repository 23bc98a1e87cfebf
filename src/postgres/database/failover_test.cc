// Servers that take no writes: standbys, those that become one, and those that are told to: no write stays on
// one unnoticed.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "postgres/protocol/wire.h"
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

std::string Reports(const std::string& name, const std::string& value) {
  std::string body;
  AppendString(body, name);
  AppendString(body, value);
  return testing::Message('S', body);
}

const std::string kIdle = testing::Message('Z', "I");

// Of another process than the session's, so that nothing more is asked of it.
std::string Greeting(const std::string& more) {
  return testing::AuthenticationOk() + Reports("DateStyle", "ISO, MDY") + Reports("client_encoding", "UTF8") +
         more + testing::Message('K', std::string("\0\0\0\7\0\0\0\0", 8)) + kIdle;
}

// What the five messages of an unnamed statement get: nothing until the Sync.
void AddAnswers(std::vector<std::string>& answers, const std::string& at_its_end) {
  answers.insert(answers.end(), {"", "", "", "", at_its_end + kIdle});
}

std::string OneInteger(const std::string& value) {
  std::string description("\0\1?\0", 4);
  AppendUint32(description, 0);  // table
  description += std::string(2, '\0');
  AppendUint32(description, 23);  // int4
  description += std::string("\0\4", 2) + std::string(4, '\xff') + std::string(2, '\0');
  std::string row("\0\1", 2);
  AppendUint32(row, static_cast<std::uint32_t>(value.size()));
  row += value;
  std::string tag;
  AppendString(tag, "SELECT 1");
  return testing::Message('1', "") + testing::Message('t', std::string(2, '\0')) +
         testing::Message('T', description) + testing::Message('2', "") + testing::Message('D', row) +
         testing::Message('C', tag);
}

std::string ReadOnlyError() {
  std::string body;
  for (const char* field : {"SERROR", "VERROR", "C25006", "Mno"}) AppendString(body, field);
  return testing::Message('E', body + '\0');
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
    std::vector<std::string> answers{Greeting(Reports("in_hot_standby", "off"))};
    AddAnswers(answers, OneInteger("9"));
    AddAnswers(answers, OneInteger("1") + Reports("in_hot_standby", now));
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
    std::vector<std::string> answers{Greeting(is_reported ? Reports("in_hot_standby", in_hot_standby) : "")};
    AddAnswers(answers, OneInteger("9"));
    AddAnswers(answers, ReadOnlyError());
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
