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
    return std::ranges::is_permutation(registry().OfUser(user), expected);
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
  EXPECT_EQ(registry().All().size(), 4u);
  auto users = registry().Users();
  std::ranges::sort(users);
  EXPECT_EQ(users, (std::vector<std::string_view>{"a", "b"}));
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
  EXPECT_TRUE(registry().Users().empty());
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
