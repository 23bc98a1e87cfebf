// Only the writer copies the log into the file: docs/decisions/0012 says why.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdio>
#include <fstream>

#include "base/log.h"
#include "sqlite/testing/fault_vfs.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::sqlite {
namespace {

using testing::FaultVfs;

class CheckpointTest : public testing::StoreTest {
 protected:
  CheckpointTest() { SetVfs(vfs_.name()); }

  // More than the thousand pages after which SQLite checkpoints by itself.
  void WriteMuch(int rows = 600) {
    Must("create table if not exists t (id integer primary key, filler blob)");
    for (int i = 0; i < rows; ++i) Must("insert into t (filler) values (randomblob(8000))");
  }

  FaultVfs vfs_{FaultVfs::Remembers::kNothing};
};

TEST_F(CheckpointTest, ReadersNeverCheckpoint) {
  settings().wal_checkpoint_bytes = 1u << 30;
  settings().wal_bytes_max = 1u << 30;
  WriteMuch();
  EXPECT_GT(Metric("tidemill_sqlite_wal_bytes"), 4e6);
  const std::size_t writes_before = vfs_.counts().writes_of_database;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Count("t"), 600);
  EXPECT_EQ(FailureOf("pragma wal_checkpoint").kind, sql::FailureKind::kPermissionDenied);
  EXPECT_FALSE(Read("pragma wal_checkpoint(truncate)"));
  EXPECT_FALSE(Read("pragma wal_autocheckpoint = 1"));
  {
    // Nor those that come and go beside the server.
    auto examiner = Connection::Open({.path = path(), .role = Role::kExaminer, .vfs = vfs_.name()});
    ASSERT_TRUE(examiner) << examiner.error().message;
    auto query = (*examiner)->Prepare(sql::Statement("select count(*) from t"));
    ASSERT_TRUE(query);
    ASSERT_TRUE(query->Step());
  }
  EXPECT_EQ(vfs_.counts().writes_of_database, writes_before);
  EXPECT_EQ(vfs_.counts().writes_of_readers, 0u);
}

// That the test above could fail: a connection as SQLite makes them by default.
TEST_F(CheckpointTest, AnOrdinaryConnectionWouldCheckpoint) {
  settings().wal_checkpoint_bytes = 1u << 30;
  settings().wal_bytes_max = 1u << 30;
  WriteMuch();
  const std::size_t writes_before = vfs_.counts().writes_of_database;
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open_v2(path().c_str(), &db, SQLITE_OPEN_READWRITE, vfs_.name().c_str()), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, "insert into t (filler) values ('x')", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  EXPECT_GT(vfs_.counts().writes_of_database, writes_before);
}

TEST_F(CheckpointTest, TheLastReaderToCloseLeavesTheLog) {
  settings().wal_checkpoint_bytes = 1u << 30;
  settings().wal_bytes_max = 1u << 30;
  WriteMuch(50);
  // The log as it is, with nobody there.
  const tidemill::testing::TemporaryFolder copy;
  const std::string copied = copy.path() + "/tidemill.db";
  for (const char* end : {"", "-wal"}) {
    std::ofstream(copied + end, std::ios::binary) << std::ifstream(path() + end, std::ios::binary).rdbuf();
  }
  const std::size_t writes_before = vfs_.counts().writes_of_database;
  {
    auto examiner = Connection::Open({.path = copied, .role = Role::kExaminer, .vfs = vfs_.name()});
    ASSERT_TRUE(examiner) << examiner.error().message;
    auto query = (*examiner)->Prepare(sql::Statement("select count(*) from t"));
    ASSERT_TRUE(query);
    ASSERT_TRUE(query->Step());
    EXPECT_EQ(query->Integer(0), 50);
  }
  EXPECT_EQ(vfs_.counts().writes_of_database, writes_before);
}

TEST_F(CheckpointTest, TheWriterDoesWhenItHasNothingElseToDo) {
  settings().wal_checkpoint_bytes = 100'000;
  WriteMuch(100);
  ASSERT_TRUE(
      net::testing::DriveUntil(loop(), [&] { return Metric("tidemill_sqlite_checkpoints_total") >= 1; }));
  EXPECT_GT(vfs_.counts().writes_of_database, 0u);
  EXPECT_EQ(vfs_.counts().writes_of_readers, 0u);
  // Then it is begun anew.
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] {
    WriteMuch(1);
    return Metric("tidemill_sqlite_wal_bytes") < 100'000;
  }));
}

TEST_F(CheckpointTest, TheLogIsCutWhateverIsToBeWritten) {
  settings().wal_checkpoint_bytes = 1u << 20;
  settings().wal_bytes_max = 1u << 20;
  WriteMuch(300);
  EXPECT_GE(Metric("tidemill_sqlite_checkpoints_total"), 1);
  EXPECT_LT(Metric("tidemill_sqlite_wal_bytes"), 4e6);
}

TEST_F(CheckpointTest, AReadThatHoldsTheLogIsNamedAndHoldsItNoLongerThanItLasts) {
  static std::string logged;
  logged.clear();
  log::SetSinkForTest([](std::string_view line) { logged += line; });
  settings().wal_checkpoint_bytes = 1u << 20;
  settings().wal_bytes_max = 1u << 20;
  WriteMuch(1);
  auto held = Await(database().Begin({.access = sql::Access::kRead}));
  ASSERT_TRUE(held);
  ASSERT_TRUE(Await((*held)->Run({.statement = sql::Statement("select count(*) from t")})));
  WriteMuch(300);
  log::SetSinkForTest(nullptr);
  EXPECT_GE(Metric("tidemill_sqlite_checkpoints_pinned_total"), 1);
  EXPECT_NE(logged.find("sqlite.log_pinned"), std::string::npos);
  EXPECT_NE(logged.find("a transaction"), std::string::npos) << logged;
  held->reset();
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] {
    WriteMuch(1);
    return Metric("tidemill_sqlite_wal_bytes") < 1e6;
  }));
}

TEST_F(CheckpointTest, AtTheEndTheFileIsWhole) {
  WriteMuch(20);
  Close();
  struct Size {
    static long Of(const std::string& path) {
      std::FILE* const file = std::fopen(path.c_str(), "rb");
      if (file == nullptr) return 0;
      std::fseek(file, 0, SEEK_END);
      const long size = std::ftell(file);
      std::fclose(file);
      return size;
    }
  };
  EXPECT_EQ(Size::Of(path() + "-wal"), 0);
  EXPECT_GT(Size::Of(path()), 20 * 8000);
  EXPECT_EQ(testing::IntegrityOf(path()), "ok");
}

}  // namespace
}  // namespace tidemill::sqlite
