// What operators are told of connections.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>

#include "net/testing/slowdown.h"
#include "net/turn_meter.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

class ConnectionListTest : public SessionTest {
 protected:
  control::ConnectionsPage List(control::ConnectionsQuery query) {
    const auto list = [](control::Directory& directory, control::ConnectionsQuery asked,
                         std::optional<control::ConnectionsPage>& page) -> Task<void> {
      auto found = co_await directory.Connections(std::move(asked));
      EXPECT_TRUE(found);
      page = std::move(found).value_or(control::ConnectionsPage{});
    };
    std::optional<control::ConnectionsPage> page;
    TaskScope scope;
    scope.Spawn(list(*bench_.context().directory, std::move(query), page));
    for (int turns = 0; !page && turns < 1000; ++turns) bench_.Turn();
    EXPECT_TRUE(page);
    return std::move(page).value_or(control::ConnectionsPage{});
  }
};

TEST_F(ConnectionListTest, SaysWhoIsConnectedAndHow) {
  auto client = bench_.Connect();
  client->Say(R"({"id":1,"connect":{"name":"web","version":"1.2","token":")" +
              SessionBench::Token(R"({"sub":"u","jti":"t1","iat":7,"meta":{"device":"phone"}})") + "\"}}");
  for (const char* channel : {"plain:b", "plain:a"}) {
    client->Say(R"({"id":2,"subscribe":{"channel":")" + std::string(channel) + "\"}}");
  }
  const auto stranger = bench_.Connect();
  const auto page = List({.user = "u", .limit = 10});
  ASSERT_EQ(page.connections.size(), 1u) << "one that has not connected is not listed";
  EXPECT_FALSE(page.has_more);
  EXPECT_EQ(page.connections.front(), (control::ConnectionInfo{.client = client->id(),
                                                               .user = "u",
                                                               .app_name = "web",
                                                               .app_version = "1.2",
                                                               .transport = "websocket",
                                                               .protocol = "json",
                                                               .connected_at = bench_.WallSeconds(),
                                                               .queued_bytes = 0,
                                                               .subscriptions = 2,
                                                               .channels = {"plain:a", "plain:b"},
                                                               .token = {.id = "t1", .issued_at = 7},
                                                               .meta = R"({"device":"phone"})"}));
  EXPECT_EQ(bench_.context().app_names.size(), 1u);
  client->HangUp();
  EXPECT_TRUE(List({.limit = 10}).connections.empty());
  EXPECT_EQ(bench_.context().app_names.size(), 0u);
}

TEST_F(ConnectionListTest, IsReadInPagesThatGiveEachOnce) {
  constexpr std::size_t kClients = 25;
  std::vector<std::unique_ptr<TestClient>> clients;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(Connected(i % 2 == 0 ? R"({"sub":"even"})" : R"({"sub":"odd"})"));
    ids.insert(clients.back()->id());
  }
  std::vector<std::string> seen;
  control::ConnectionsQuery query{.limit = 10};
  for (bool has_more = true; has_more;) {
    const auto page = List(query);
    for (const auto& info : page.connections) seen.push_back(info.client);
    has_more = page.has_more;
    ASSERT_LE(page.connections.size(), 10u);
    query.after = seen.back();
  }
  EXPECT_EQ(seen, std::vector<std::string>(ids.begin(), ids.end())) << "in the order of their ids";
  EXPECT_EQ(List({.user = "even", .limit = 100}).connections.size(), 13u);
}

// Sessions that come while all are walked make the table grow: none that was there is left out.
TEST_F(ConnectionListTest, AWalkOverAllMissesNobodyWhoWasThere) {
  std::vector<std::unique_ptr<TestClient>> clients;
  std::set<const Session*> expected;
  const auto connect = [&](const std::string& user) {
    clients.push_back(Connected(R"({"sub":")" + user + "\"}"));
    return &clients.back()->session();
  };
  for (int i = 0; i < 40; ++i) expected.insert(connect("a" + std::to_string(i % 20)));
  Registry::WalkAll walk(bench_.context().registry);
  std::set<const Session*> seen;
  for (int i = 0; !walk.done(); ++i) {
    if (const Session* const session = walk.Next()) seen.insert(session);
    if (i < 200) connect("b" + std::to_string(i));
  }
  for (const Session* session : expected) EXPECT_TRUE(seen.contains(session));
}

TEST_F(ConnectionListTest, WitnessAndThousandsAreListedInShortTurns) {
  constexpr std::size_t kClients = net::testing::kSanitized ? 100 : 1000;
  std::vector<std::unique_ptr<TestClient>> clients;
  for (std::size_t i = 0; i < kClients; ++i) clients.push_back(Connected(R"({"sub":"u"})"));
  TaskScope scope;
  bool done = false;
  const auto list = [](control::Directory& directory, bool& finished) -> Task<void> {
    const auto page = co_await directory.Connections({.limit = control::kConnectionsLimitMax});
    EXPECT_TRUE(page);
    finished = true;
  };
  const std::int64_t longest_us =
      LongestTurn([&] { scope.Spawn(list(*bench_.context().directory, done)); }, done);
  EXPECT_LT(longest_us, net::TurnMeter::kLong * net::testing::kSlowdown);
}

}  // namespace
}  // namespace tidemill::session
