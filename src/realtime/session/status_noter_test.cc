#include "realtime/session/status_noter.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "realtime/session/testing/session_fixture.h"
#include "realtime/status/memory_table.h"

namespace tidemill::session {
namespace {

// Counts the calls, and fails them while a test wants it.
struct CountingStore final : status::Store {
  explicit CountingStore(std::unique_ptr<status::Store> behind) : store(std::move(behind)) {}
  Task<Result<void>> Note(std::vector<std::string> users, status::Sign sign, WallTime at) override {
    ++notes;
    noted += users.size();
    if (fails) co_return Fail(Errc::kUnavailable, "down");
    co_return co_await store->Note(std::move(users), sign, at);
  }
  Task<Result<std::vector<status::UserStatus>>> Get(std::vector<std::string> users) override {
    return store->Get(std::move(users));
  }
  Task<Result<void>> Delete(std::vector<std::string> users) override {
    return store->Delete(std::move(users));
  }
  std::unique_ptr<status::Store> store;
  int notes = 0;
  std::size_t noted = 0;
  bool fails = false;
};

class StatusNoterTest : public SessionTest {
 protected:
  StatusNoterTest() {
    bench_.context().lifecycle.Add(noter_);
    bench_.context().rpc_methods.emplace(kUpdateUserStatus, &noter_);
    noter_.Start();
  }
  status::UserStatus Of(std::string user) { return table_.Get(user, bench_.loop().clock().WallNow()); }
  std::int64_t Seconds() const { return bench_.WallSeconds(); }

  metrics::Registry registry_;
  status::MemoryTable table_{{}, registry_};
  CountingStore store_{table_.MakeStore(bench_.loop().clock())};
  StatusMetrics metrics_{registry_};
  StatusNoter noter_{bench_.context(), store_, {}, metrics_};
};

TEST_F(StatusNoterTest, AUserIsOnlineWhileConnectedAndActiveWhenItSaysSo) {
  auto client = Connected(R"({"sub":"ann"})");
  bench_.Advance(Milliseconds(300));
  const std::int64_t connected = Seconds();
  EXPECT_EQ(Of("ann"), (status::UserStatus{.user = "ann", .online = connected}));

  EXPECT_EQ(client->Say(R"({"id":2,"rpc":{"method":"update_user_status","data":{}}})"),
            (Lines{R"({"id":2,"rpc":{"data":{}}})"}));
  bench_.Advance(Milliseconds(300));
  EXPECT_EQ(Of("ann").active, Seconds());

  bench_.Advance(tidemill::Seconds(20));
  client->Say("{}");
  bench_.Advance(tidemill::Seconds(10));
  bench_.Advance(Milliseconds(300));
  EXPECT_GT(Of("ann").online, connected) << "it stays online without doing anything";
}

TEST_F(StatusNoterTest, WhatIsSaidOftenIsOneNote) {
  auto client = Connected(R"({"sub":"ann"})");
  bench_.Advance(Milliseconds(300));
  const int before = store_.notes;
  for (int i = 2; i < 100; ++i) {
    client->Say(R"({"id":)" + std::to_string(i) + R"(,"rpc":{"method":"update_user_status"}})");
  }
  bench_.Advance(Milliseconds(300));
  EXPECT_EQ(store_.notes, before + 1);
}

TEST_F(StatusNoterTest, TheAnonymousUserHasNoStatus) {
  auto client = Connected(R"({"sub":""})");
  const Lines answer = client->Say(R"({"id":2,"rpc":{"method":"update_user_status"}})");
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_NE(answer[0].find(R"("code":103)"), std::string::npos);
  bench_.Advance(Milliseconds(300));
  EXPECT_EQ(store_.noted, 0u);
}

TEST_F(StatusNoterTest, CountsWhatAStoreThatIsAwayDoesNotTake) {
  store_.fails = true;
  auto client = Connected(R"({"sub":"ann"})");
  bench_.Advance(Milliseconds(300));
  EXPECT_EQ(metrics_.lost.value(), 1u);
  store_.fails = false;
  client->Say(R"({"id":2,"rpc":{"method":"update_user_status"}})");
  bench_.Advance(Milliseconds(300));
  EXPECT_EQ(metrics_.noted.value(), 1u);
}

}  // namespace
}  // namespace tidemill::session
