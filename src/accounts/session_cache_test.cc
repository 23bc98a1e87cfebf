#include "accounts/session_cache.h"

#include <gtest/gtest.h>

#include "accounts/secret_token.h"
#include "accounts/testing/backend.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::accounts {
namespace {

class SessionCacheTest : public ::testing::Test {
 protected:
  SessionCacheTest()
      : loop_(net::testing::OpenLoop()),
        backend_(testing::MakeSqliteBackend(*loop_)),
        store_(MakeSqlStore(*loop_, backend_->database(), {})),
        cache_({.store = *store_, .metrics = metrics_, .clock = clock_}, Hours(1)) {
    EXPECT_TRUE(Await(store_->AddOwnerLink("link", Hours(1))));
    user_ = Await(store_->SetUp("link", {.id = "u", .username = "ada", .name = "Ada", .password = "h"},
                                {.id = "s0", .token_hash = HashOfToken("t0"), .ttl = Hours(1)}))
                ->live.user;
  }

  template <class T>
  T Await(Task<T> task) {
    return net::testing::RunTask(*loop_, std::move(task));
  }
  bool Finds(const std::string& token) { return *Await(cache_.Find(token)) != nullptr; }
  std::uint64_t lookups() const { return metrics_.session_lookups.value(); }

  ManualClock clock_;
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<testing::Backend> backend_;
  std::unique_ptr<Store> store_;
  SessionCache cache_;
  User user_;
};

TEST_F(SessionCacheTest, ASessionIsAskedForOnceInASecond) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Finds("t0"));
  EXPECT_EQ(lookups(), 1u);
  clock_.Advance(SessionCache::kKeptFor);
  EXPECT_TRUE(Finds("t0"));
  EXPECT_EQ(lookups(), 2u);
  EXPECT_EQ(metrics_.sessions_cached.value(), 1);
}

TEST_F(SessionCacheTest, WhatEndedElsewhereEndsHereAfterASecond) {
  EXPECT_TRUE(Finds("t0"));
  EXPECT_TRUE(Await(store_->EndSessions({.user = user_.id})));
  EXPECT_TRUE(Finds("t0")) << "nobody has said so";
  clock_.Advance(SessionCache::kKeptFor);
  EXPECT_FALSE(Finds("t0"));
}

TEST_F(SessionCacheTest, WhatIsForgottenIsAskedForAtOnce) {
  EXPECT_TRUE(Finds("t0"));
  EXPECT_TRUE(Await(store_->EndSessions({.user = user_.id})));
  cache_.Forget("somebody else");
  EXPECT_TRUE(Finds("t0"));
  cache_.Forget(user_.id);
  EXPECT_FALSE(Finds("t0"));
  EXPECT_EQ(metrics_.sessions_cached.value(), 0);
}

Task<void> FindInto(SessionCache& cache, std::string token, bool& done) {
  EXPECT_TRUE(co_await cache.Find(std::move(token)));
  done = true;
}

TEST_F(SessionCacheTest, WhatIsForgottenWhileItIsAskedForIsNotKept) {
  bool done = false;
  TaskScope scope;
  scope.Spawn(FindInto(cache_, "t0", done));
  EXPECT_FALSE(done);
  cache_.Forget(user_.id);
  ASSERT_TRUE(net::testing::DriveUntil(*loop_, [&] { return done; }));
  EXPECT_EQ(metrics_.sessions_cached.value(), 0);
}

TEST_F(SessionCacheTest, WhatIsNoSessionIsNotKept) {
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(Finds("none" + std::to_string(i)));
  EXPECT_EQ(metrics_.sessions_cached.value(), 0);
}

}  // namespace
}  // namespace tidemill::accounts
