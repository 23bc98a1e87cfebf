#include "realtime/session/registry.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

class RegistryTest : public SessionTest {
 protected:
  Registry& registry() { return bench_.context().registry; }
  std::unique_ptr<TestClient> Of(const std::string& user) { return Connected(R"({"sub":")" + user + "\"}"); }
  bool Holds(const std::string& user, const std::vector<TestClient*>& clients) {
    std::vector<Session*> expected;
    for (TestClient* client : clients) expected.push_back(&client->session());
    EXPECT_EQ(registry().CountOfUser(user), expected.size());
    std::vector<Session*> walked;
    Registry::Walk walk(registry(), user);
    while (Session* const session = walk.Next()) walked.push_back(session);
    return std::ranges::is_permutation(walked, expected);
  }
};

TEST_F(RegistryTest, KnowsTheSessionsOfEachUser) {
  auto a1 = Of("a");
  auto b = Of("b");
  auto a2 = Of("a");
  auto a3 = Of("a");
  EXPECT_EQ(registry().sessions(), 4u);
  EXPECT_TRUE(Holds("a", {a1.get(), a2.get(), a3.get()}));
  EXPECT_TRUE(Holds("b", {b.get()}));
  EXPECT_TRUE(Holds("c", {}));
  EXPECT_EQ(registry().Some(10).size(), 4u);
  EXPECT_EQ(registry().Some(3).size(), 3u);
  EXPECT_EQ(registry().users(), 2u);
  std::vector<std::size_t> hashes;
  for (std::size_t bucket = 0; (bucket = registry().AppendUserHashes(bucket, 1, hashes)) != 0;) {
  }
  std::ranges::sort(hashes);
  EXPECT_EQ(hashes.size(), 2u);
  EXPECT_EQ(std::ranges::unique(hashes).size(), 0u);
}

TEST_F(RegistryTest, WhicheverLeavesTheOthersStay) {
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(Of("a"));
  // The first to have come, the last, one between, and the only one left.
  for (const std::size_t leaves : {0u, 2u, 1u, 0u}) {
    clients[leaves]->HangUp();
    clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(leaves));
    std::vector<TestClient*> left;
    for (const auto& client : clients) left.push_back(client.get());
    EXPECT_TRUE(Holds("a", left));
  }
  EXPECT_EQ(registry().sessions(), 0u);
  EXPECT_EQ(registry().users(), 0u);
}

// Whichever leaves while it is under way, before it, behind it or just ahead, the rest is seen once each.
TEST_F(RegistryTest, AWalkGoesOnWhoeverLeaves) {
  for (std::size_t seen_before = 0; seen_before <= 5; ++seen_before) {
    for (std::size_t leaves = 0; leaves < 5; ++leaves) {
      std::vector<std::unique_ptr<TestClient>> clients;
      for (int i = 0; i < 5; ++i) clients.push_back(Of("a"));
      std::vector<Session*> order;
      for (Registry::Walk walk(registry(), "a"); Session* const session = walk.Next();)
        order.push_back(session);
      Registry::Walk walk(registry(), "a");
      std::vector<Session*> seen;
      while (seen.size() < seen_before) seen.push_back(walk.Next());
      Session* const left = order[leaves];
      std::ranges::find(clients, left, [](const auto& client) { return &client->session(); })
          ->get()
          ->HangUp();
      while (Session* const session = walk.Next()) seen.push_back(session);
      if (leaves >= seen_before) order.erase(order.begin() + static_cast<std::ptrdiff_t>(leaves));
      EXPECT_EQ(seen, order) << seen_before << " seen when " << leaves << " left";
    }
  }
}

TEST_F(RegistryTest, WhoHasNoUserYetIsNotInIt) {
  auto silent = bench_.Connect();
  EXPECT_EQ(registry().sessions(), 0u);
  auto anonymous = bench_.Connect();
  anonymous->Say(R"({"id":1,"connect":{}})");
  EXPECT_TRUE(Holds("", {anonymous.get()}));
}

}  // namespace
}  // namespace tidemill::session
