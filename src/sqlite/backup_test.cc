#include "sqlite/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "net/task_scope.h"
#include "sqlite/inspection.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::sqlite {
namespace {

Task<void> KeepWriting(Database& database, bool& stop, std::int64_t& written) {
  while (!stop) {
    const auto pair = co_await database.RunAll(
        {{.statement = sql::Statement("insert into a values (null, randomblob(2000))")},
         {.statement = sql::Statement("insert into b values (null)")}});
    EXPECT_TRUE(pair);
    ++written;
  }
}

class BackupTest : public testing::StoreTest {
 protected:
  void Create() {
    Must("create table a (n integer primary key, filler blob)");
    Must("create table b (n integer primary key)");
  }
  std::string copy() const { return path() + ".copy"; }
  // What lies beside the database, sorted.
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(path()).parent_path())) {
      names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    return names;
  }
};

TEST_F(BackupTest, IsOneSnapshotWhileOthersWrite) {
  settings().wal_checkpoint_bytes = 100'000;
  settings().wal_bytes_max = 400'000;
  Create();
  bool stop = false;
  std::int64_t written = 0;
  TaskScope scope;
  for (int i = 0; i < 20; ++i) scope.Spawn(KeepWriting(database(), stop, written));
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] { return written > 300; }));
  std::vector<Result<BackupResult>> results;
  std::atomic<bool> copied{false};
  std::jthread copier([&] {
    for (int i = 0; i < 3; ++i) results.push_back(Backup(path(), copy() + std::to_string(i)));
    copied = true;
  });
  const std::int64_t before = written;
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] { return copied && written > before + 100; }));
  stop = true;
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] { return scope.running() == 0; }));
  for (int i = 0; i < 3; ++i) {
    const std::string file = copy() + std::to_string(i);
    ASSERT_TRUE(results[static_cast<std::size_t>(i)]) << results[static_cast<std::size_t>(i)].error().detail;
    EXPECT_EQ(testing::IntegrityOf(file), "ok");
    struct stat about{};
    ASSERT_EQ(stat(file.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
    testing::Bench copy_of({.path = file, .readers = 2});
    const auto rows = net::testing::RunTask(
        *copy_of.loop,
        copy_of.database->Run(
            {.statement = sql::Statement("select (select count(*) from a), (select count(*) from b)")}));
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows->rows[0][0].text, rows->rows[0][1].text) << "half of a transaction";
    EXPECT_GE(rows->rows[0][0].AsInteger().value_or(0), 300);
  }
}

TEST_F(BackupTest, OfAServerThatWasKilled) {
  Create();
  Must("insert into b values (1)");
  // The log as it is, with nobody there.
  const std::string dead = path() + ".dead";
  for (const char* end : {"", "-wal"}) std::filesystem::copy_file(path() + end, dead + end);
  ASSERT_TRUE(Backup(dead, copy()));
  testing::Bench copied({.path = copy(), .readers = 2});
  const auto rows = net::testing::RunTask(
      *copied.loop,
      copied.database->Run({.statement = sql::Statement("select n from b"), .access = sql::Access::kRead}));
  ASSERT_TRUE(rows);
  EXPECT_EQ(testing::ToLines(rows->rows), Lines{"1"});
}

TEST_F(BackupTest, WhatFailsLeavesNothing) {
  Create();
  Must("insert into a values (1, randomblob(100000))");
  Close();
  const std::vector<std::string> files = Files();
  const auto nowhere = Backup(path(), path() + ".missing/copy");
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().detail.find("No such file or directory"), std::string::npos)
      << nowhere.error().detail;
  EXPECT_FALSE(Backup(path() + ".other", copy()));
  const auto again = Backup(path(), path());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kAlreadyExists);
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(4096, '\xff');
  }
  const auto damaged = Backup(path(), copy());
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().detail.find("damaged"), std::string::npos) << damaged.error().detail;
  EXPECT_EQ(Files(), files);
}

TEST_F(BackupTest, AnInspectionFindsDamage) {
  Create();
  for (int i = 0; i < 50; ++i) Must("insert into a values (null, randomblob(3000))");
  const auto beside = Inspect(path(), Depth::kFull);
  ASSERT_TRUE(beside) << beside.error().detail;
  EXPECT_TRUE(beside->problems.empty());
  EXPECT_GT(beside->bytes + beside->log_bytes, 150'000u);
  Close();
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3 * 4096);
    file << std::string(4096, '\xff');
  }
  const auto damaged = Inspect(path(), Depth::kFull);
  ASSERT_TRUE(damaged);
  EXPECT_FALSE(damaged->problems.empty());
  std::ofstream(path() + ".text") << std::string(5000, 'x');
  EXPECT_FALSE(Inspect(path() + ".text", Depth::kQuick));
  EXPECT_FALSE(Inspect(path() + ".missing", Depth::kQuick));
  const auto micros = MeasureSyncMicros(path());
  ASSERT_TRUE(micros);
  EXPECT_GE(*micros, 0);
}

}  // namespace
}  // namespace tidemill::sqlite
