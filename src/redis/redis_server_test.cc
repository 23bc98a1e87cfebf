// What the other tests of this folder stand on: real servers that come, go, and take their folders with them.
#include "redis/testing/redis_server.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/testing/harness.h"
#include "redis/testing/cluster_set.h"
#include "redis/testing/sentinel_set.h"

namespace tidemill::redis::testing {
namespace {

using tidemill::testing::WaitUntil;

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

TEST(RedisServer, ComesBackOnItsPort) {
  RedisServer server({.unix_socket = true, .append_only = true});
  EXPECT_TRUE(Exists(server.unix_endpoint().unix_path));
  EXPECT_EQ(server.Ask({"SET", "k", "v"}).text, "OK");
  const std::string run_id = server.Info("run_id");
  const std::uint16_t port = server.port();
  server.Restart();
  EXPECT_EQ(server.port(), port);
  EXPECT_EQ(server.Ask({"GET", "k"}).text, "v");
  EXPECT_NE(server.Info("run_id"), run_id);
  server.Shutdown();
  EXPECT_FALSE(server.running());
}

TEST(RedisServer, AsksForCredentials) {
  const RedisServer with_password({.credentials = {.password = "p"}});
  EXPECT_EQ(with_password.Ask({"PING"}).text, "PONG");
  const RedisServer with_user({.credentials = {.user = "u", .password = "p"}});
  EXPECT_EQ(with_user.Ask({"ACL", "WHOAMI"}).text, "u");
}

TEST(RedisServer, LeavesNothingBehindWhenTheTestAborts) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t test = fork();
  if (test == 0) {
    const RedisServer server({.unix_socket = true});
    const std::string folder = server.unix_endpoint().unix_path;
    if (write(ends[1], folder.data(), folder.size()) < 0) _exit(1);
    raise(SIGKILL);
  }
  waitpid(test, nullptr, 0);
  char path[256] = {};
  ASSERT_GT(read(ends[0], path, sizeof path - 1), 0);
  close(ends[0]);
  close(ends[1]);
  const std::string folder = std::string(path).substr(0, std::string(path).rfind('/'));
  EXPECT_TRUE(WaitUntil([&] { return !Exists(folder); })) << folder;
}

TEST(SentinelSet, FailsOver) {
  SentinelSet set;
  RedisServer& before = set.Primary();
  EXPECT_EQ(&before, set.servers[0].get());
  RedisServer& after = set.FailOver();
  EXPECT_NE(&before, &after);
  EXPECT_EQ(after.Info("role"), "master");
}

TEST(ClusterSet, MovesASlotAndFailsOver) {
  ClusterSet set({.primaries = 3, .replicas_each = 1});
  const std::uint16_t slot = set.SlotOf("k");
  RedisServer& before = set.PrimaryOf(slot);
  EXPECT_EQ(before.Ask({"SET", "k", "v"}).text, "OK");
  RedisServer& other = set.PrimaryOf(static_cast<std::uint16_t>((slot + 8192) % 16384));
  ASSERT_NE(&before, &other);
  set.MoveSlot(slot, before, other);
  EXPECT_EQ(other.Ask({"GET", "k"}).text, "v");
  ASSERT_TRUE(WaitUntil(
      [&] { return other.Info("slave0").contains(",offset=" + other.Info("master_repl_offset") + ","); }));
  other.Kill();
  RedisServer& after = set.AwaitPrimaryOtherThan(slot, other);
  EXPECT_EQ(after.Ask({"GET", "k"}).text, "v");
}

}  // namespace
}  // namespace tidemill::redis::testing
