#include "postgres/listening/listener.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "postgres/testing/each_version.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/pgbouncer.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using testing::DriveUntil;

struct Heard final : ListenerEvents {
  void OnNotification(std::string_view channel, std::string_view payload) override {
    lines.push_back(std::string(channel) + " " + std::string(payload));
  }
  void OnLost() override { lines.push_back("lost"); }
  void OnRestored() override { lines.push_back("restored"); }
  std::vector<std::string> lines;
};

class ListenerTest : public ::testing::TestWithParam<testing::Version> {
 protected:
  ~ListenerTest() override {
    listener.reset();
    net::testing::RunTurns(*loop);
  }
  void Begin(const std::string& url, Duration io_timeout = tidemill::testing::kPatience) {
    opener = testing::OpenerOf(url);
    LaneOptions options;
    options.session.connection.probe_interval = Seconds(1);
    options.session.connection.io_timeout = io_timeout;
    listener = MakeListener(*loop, *opener, options, heard, metrics);
  }
  bool ComesUp() {
    return DriveUntil(*loop, [&] { return !listener->down_since(); });
  }
  bool Hears(const std::string& line) {
    return DriveUntil(*loop, [&] { return std::ranges::find(heard.lines, line) != heard.lines.end(); });
  }
  sql::Result<void> Listen(const std::string& channel) {
    return testing::RunTask(*loop, listener->Listen(channel));
  }

  testing::PostgresServer server{{.version = GetParam()}};
  std::unique_ptr<net::Loop> loop = net::testing::OpenLoop();
  metrics::Registry registry;
  Metrics metrics{registry};
  Heard heard;
  std::unique_ptr<const SessionOpener> opener;
  std::unique_ptr<Listener> listener;
};

INSTANTIATE_TEST_SUITE_P(Versions, ListenerTest, testing::EachVersion(), testing::VersionName);

TEST_P(ListenerTest, ListensAgainAfterTheConnectionIsLost) {
  Begin(server.url());
  ASSERT_TRUE(ComesUp());
  ASSERT_TRUE(Listen("news"));
  ASSERT_TRUE(Listen("we\"ird; drop"));
  server.Run("notify news, 'one'");
  ASSERT_TRUE(Hears("news one"));
  server.Run("notify \"we\"\"ird; drop\", 'two'");
  ASSERT_TRUE(Hears("we\"ird; drop two"));

  server.Kill();
  ASSERT_TRUE(Hears("lost"));
  EXPECT_EQ(Listen("more").error().kind, sql::FailureKind::kUnavailable);
  server.Restart();
  ASSERT_TRUE(Hears("restored"));
  server.Run("notify more, 'no'");
  server.Run("notify news, 'three'");
  ASSERT_TRUE(Hears("news three"));

  listener->Unlisten("news");
  server.Run("notify news, 'four'");
  server.Run("notify \"we\"\"ird; drop\", 'five'");
  ASSERT_TRUE(Hears("we\"ird; drop five"));
  EXPECT_EQ(heard.lines, (std::vector<std::string>{"news one", "we\"ird; drop two", "lost", "restored",
                                                   "news three", "we\"ird; drop five"}));
}

TEST_P(ListenerTest, ASilentServerIsNoticed) {
  Begin(server.url(), Seconds(1));
  ASSERT_TRUE(ComesUp());
  server.Stop();
  EXPECT_TRUE(Hears("lost"));
  server.Continue();
  EXPECT_TRUE(Hears("restored"));
}

TEST_P(ListenerTest, NamesThatTheServerWouldCutAreRefused) {
  Begin(server.url());
  ASSERT_TRUE(ComesUp());
  EXPECT_TRUE(Listen(std::string(63, 'x')));
  EXPECT_EQ(Listen(std::string(64, 'x')).error().kind, sql::FailureKind::kInvalidValue);
  EXPECT_EQ(Listen("").error().kind, sql::FailureKind::kInvalidValue);
  EXPECT_EQ(Listen(std::string("a\0b", 3)).error().kind, sql::FailureKind::kInvalidValue);
}

}  // namespace
}  // namespace tidemill::postgres
