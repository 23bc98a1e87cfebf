// kill -9 in the middle of the work: what was acknowledged is there.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <set>
#include <vector>

#include "base/log.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::sqlite {
namespace {

const sql::Statement kStore("insert into t (n, filler) values (?1, ?2)");

// Writes one after the other, and tells the pipe each that was acknowledged.
Task<void> WriteOn(Database& database, std::int64_t first, int acknowledged) {
  for (std::int64_t n = first;; n += 100) {
    const auto stored = co_await database.Run(
        {.statement = kStore, .parameters = {n, std::string(static_cast<std::size_t>(n % 3000), 'x')}});
    if (!stored || write(acknowledged, &n, sizeof n) != sizeof n) _exit(1);
  }
}

[[noreturn]] void Work(const SqliteSettings& settings, std::int64_t first, int acknowledged) {
  log::Configure({.level = log::Level::kOff});
  testing::Bench bench(settings);
  TaskScope scope;
  for (std::int64_t caller = 0; caller < 50; ++caller)
    scope.Spawn(WriteOn(*bench.database, first + caller, acknowledged));
  for (;;) bench.loop->RunOnce(Milliseconds(10));
}

class CrashTest : public testing::StoreTest {
 protected:
  // Lets a process work until it has acknowledged so many, kills it, and gives them.
  std::vector<std::int64_t> WorkAndDie(std::int64_t first, std::size_t enough) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      Work(settings(), first, ends[1]);
    }
    close(ends[1]);
    std::vector<std::int64_t> acknowledged;
    std::int64_t n = 0;
    while (read(ends[0], &n, sizeof n) == sizeof n) {
      acknowledged.push_back(n);
      if (acknowledged.size() == enough) kill(child, SIGKILL);
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
    return acknowledged;
  }
};

TEST_F(CrashTest, WhatWasAcknowledgedIsThereAfterKill9) {
  settings().readers = 2;
  settings().wal_checkpoint_bytes = 200'000;  // so that it may die in a checkpoint too
  settings().wal_bytes_max = 400'000;
  Must("create table t (n integer primary key, filler text)");
  Close();
  std::set<std::int64_t> acknowledged;
  for (std::int64_t life = 0; life < 6; ++life) {
    const auto these = WorkAndDie(life * 10'000'000, 300 + 171 * static_cast<std::size_t>(life));
    EXPECT_GE(these.size(), 300u);
    acknowledged.insert(these.begin(), these.end());
    const auto stored = Read("select n from t where length(filler) = n % 3000");
    ASSERT_TRUE(stored) << stored.error().message;
    std::set<std::int64_t> found;
    for (std::size_t i = 0; i < stored->rows.size(); ++i)
      found.insert(stored->rows[i][0].AsInteger().value_or(-1));
    EXPECT_TRUE(std::ranges::includes(found, acknowledged));
    Close();
    ASSERT_EQ(testing::IntegrityOf(path()), "ok");
  }
}

}  // namespace
}  // namespace tidemill::sqlite
