// The file: who may have it, what it must be, what becomes of a damaged one.
#include "sqlite/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/log.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::sqlite {
namespace {

using sql::FailureKind;

int PermissionsOf(const std::string& path) {
  struct stat about{};
  return stat(path.c_str(), &about) == 0 ? static_cast<int>(about.st_mode & 0777) : -1;
}

class StoreFileTest : public testing::StoreTest {
 protected:
  // Why another store does not open this file.
  std::string WhyNot(const std::string& at) {
    metrics::Registry registry;
    Metrics metrics(registry);
    const auto store = Store::Open({.path = at}, metrics);
    return store ? "it opens" : store.error().detail;
  }
};

TEST_F(StoreFileTest, IsForItsOwnerAlone) {
  Must("create table t (n integer)");
  EXPECT_EQ(PermissionsOf(path()), 0600);
  EXPECT_EQ(PermissionsOf(path() + "-wal"), 0600);
  EXPECT_EQ(PermissionsOf(path() + "-shm"), 0600);
  EXPECT_EQ(PermissionsOf(path() + ".lock"), 0600);
}

TEST_F(StoreFileTest, IsForOneServer) {
  Must("create table t (n integer)");
  const std::string why = WhyNot(path());
  EXPECT_TRUE(why.starts_with("storage.sqlite.path = " + path())) << why;
  EXPECT_NE(why.find("process " + std::to_string(getpid()) + " has it"), std::string::npos) << why;
  Close();
  EXPECT_EQ(WhyNot(path()), "it opens");
}

TEST_F(StoreFileTest, OpenedToReadItRunsBesideAServer) {
  Must("create table t (n integer)");
  Must("insert into t values (1)");
  metrics::Registry registry;
  Metrics metrics(registry);
  const auto store = Store::Open({.path = path()}, metrics, {.access = sql::Access::kRead});
  ASSERT_TRUE(store) << store.error().detail;
  Database beside(loop(), **store);
  const auto count = [&] {
    const auto rows = Await(
        beside.Run({.statement = sql::Statement("select count(*) from t"), .access = sql::Access::kRead}));
    return rows ? rows->rows[0][0].AsInteger().value_or(-1) : -1;
  };
  EXPECT_EQ(count(), 1);
  Must("insert into t values (2)");
  EXPECT_EQ(count(), 2);
  const sql::Call write{.statement = sql::Statement("insert into t values (3)")};
  const auto written = Await(beside.Run(write));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, FailureKind::kReadOnly);
  const auto begun = Await(beside.Begin({}));
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().kind, FailureKind::kReadOnly);
  EXPECT_EQ(Count("t"), 2);
}

TEST_F(StoreFileTest, OpenedToReadItMakesNothing) {
  metrics::Registry registry;
  Metrics metrics(registry);
  const auto store = Store::Open({.path = path()}, metrics, {.access = sql::Access::kRead});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().detail,
            "storage.sqlite.path = " + path() + ": cannot be opened: No such file or directory");
  EXPECT_EQ(PermissionsOf(path()), -1);
  EXPECT_EQ(PermissionsOf(path() + ".lock"), -1);
}

TEST_F(StoreFileTest, ADeadServersFileIsFree) {
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = FileLock::Take(path());
    _exit(lock ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  Must("create table t (n integer)");
}

TEST_F(StoreFileTest, OtherProgramsReadAndWriteBesideIt) {
  Must("create table t (n integer)");
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
  sqlite3_wal_autocheckpoint(db, 0);
  EXPECT_EQ(sqlite3_exec(db, "insert into t values (1)", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(Count("t"), 1);
  Must("insert into t values (2)");
  EXPECT_EQ(sqlite3_exec(db, "delete from t where n = 2", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(Count("t"), 1);
  sqlite3_close(db);
}

TEST_F(StoreFileTest, ALockOfAnotherProgramIsWaitedForAndThenNamed) {
  settings().busy_timeout = Milliseconds(60);
  Must("create table t (n integer)");
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "begin immediate; insert into t values (1)", nullptr, nullptr, nullptr),
            SQLITE_OK);
  const sql::Failure locked = FailureOf("insert into t values (2)");
  EXPECT_EQ(locked.kind, FailureKind::kLocked);
  EXPECT_EQ(locked.code, "SQLITE_BUSY");
  EXPECT_EQ(Count("t"), 0) << "reading goes on";
  EXPECT_FALSE(bench().store->problem()) << "it is not the disk";
  sqlite3_exec(db, "commit", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  Must("insert into t values (2)");
  EXPECT_EQ(Count("t"), 2);
}

TEST_F(StoreFileTest, WhatIsNoDatabaseIsRefusedAndLeftAsItIs) {
  std::ofstream(path()) << std::string(5000, 'x');
  const std::string why = WhyNot(path());
  EXPECT_NE(why.find("is no database of SQLite"), std::string::npos) << why;
  std::string content;
  std::ifstream(path()) >> content;
  EXPECT_EQ(content, std::string(5000, 'x'));
  std::ofstream(path()) << "SQLite format 3" << '\0' << std::string(5000, 'x');
  const std::string pretends = WhyNot(path());
  EXPECT_NE(pretends.find("file is not a database (SQLITE_NOTADB)"), std::string::npos) << pretends;
}

TEST_F(StoreFileTest, PathsThatCannotBe) {
  std::ofstream(path() + ".file") << "x";
  mkdir((path() + ".folder").c_str(), 0700);
  struct Case {
    std::string path;
    const char* why;
  };
  const Case cases[] = {
      {path() + ".file/tidemill.db", "Not a directory"},
      {path() + ".folder", "Is a directory"},
      {path() + ".missing/tidemill.db", "No such file or directory"},
      {path() + "/", "folder"},
      {path() + std::string(300, 'x'), "File name too long"},
      {path() + ".file", "no database"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    const auto checked = CheckPath(c.path);
    ASSERT_FALSE(checked);
    EXPECT_NE(checked.error().detail.find(c.why), std::string::npos) << checked.error().detail;
    EXPECT_TRUE(WhyNot(c.path).starts_with("storage.sqlite.path = ")) << WhyNot(c.path);
  }
  EXPECT_TRUE(WhyNot("/proc/tidemill.db").starts_with("storage.sqlite.path = /proc"));
  EXPECT_TRUE(CheckPath(path()));
  EXPECT_NE(access(path().c_str(), F_OK), 0) << "looking makes nothing";
}

// In a child, which gives up being root.
TEST_F(StoreFileTest, AFolderWithoutPermission) {
  Must("create table t (n integer)");
  Close();
  const std::string folder = path().substr(0, path().rfind('/'));
  ASSERT_EQ(chmod(folder.c_str(), 0555), 0);
  ASSERT_EQ(chmod(path().c_str(), 0444), 0);
  chmod((path() + ".lock").c_str(), 0444);
  const pid_t child = fork();
  if (child == 0) {
    if (getuid() == 0 && setuid(65'534) != 0) _exit(2);
    metrics::Registry registry;
    Metrics metrics(registry);
    const auto store = Store::Open({.path = path()}, metrics);
    _exit(!store && store.error().detail.contains("Permission denied") ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  chmod(folder.c_str(), 0755);
}

TEST_F(StoreFileTest, DamageStopsWritingAndIsSaid) {
  log::Configure({.level = log::Level::kOff});
  Must("create table t (id integer primary key, filler text)");
  for (int i = 0; i < 200; ++i) Must("insert into t (filler) values (hex(randomblob(1000)))");
  Close();
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 2; page < 40; ++page) {
      file.seekp(page * 4096);
      file << std::string(64, '\xff');
    }
  }
  EXPECT_NE(testing::IntegrityOf(path()), "ok");
  const auto read = Read("select sum(length(filler)) from t");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, FailureKind::kCorrupt);
  const sql::Failure write = FailureOf("insert into t (filler) values ('x')");
  EXPECT_EQ(write.kind, FailureKind::kCorrupt);
  EXPECT_NE(write.message.find("restore a backup"), std::string::npos);
  const auto transaction = Await(database().Begin({}));
  ASSERT_FALSE(transaction);
  EXPECT_EQ(transaction.error().kind, FailureKind::kCorrupt);
  ASSERT_TRUE(bench().store->problem());
  EXPECT_EQ(bench().store->problem()->kind, FailureKind::kCorrupt);
  EXPECT_TRUE(database().down_since());
  log::Configure({});
}

TEST_F(StoreFileTest, ANameThatOnlyAValueLacksIsTheValuesFault) {
  Must("create virtual table notes using fts5(text)");
  Must("create table t (n integer)");
  const std::string search = "select rowid from notes where notes match ?1";
  EXPECT_EQ(Must(search, {"abc"}), Lines{});
  EXPECT_EQ(FailureOf(search, {"abc:def"}).kind, FailureKind::kInvalidValue);
  EXPECT_EQ(FailureOf(search, {"\""}).kind, FailureKind::kInvalidValue);
  EXPECT_EQ(Must("select n from t"), Lines{});
  Must("drop table t");
  EXPECT_EQ(FailureOf("select n from t").kind, FailureKind::kInvalidStatement);
}

TEST_F(StoreFileTest, NothingIsOpenedThatSqlAsksFor) {
  Must("create table t (n integer)");
  for (const char* text :
       {"attach 'other.db' as other", "detach main", "begin", "commit", "savepoint s",
        "pragma journal_mode = delete", "pragma synchronous = off", "pragma locking_mode = exclusive",
        "pragma query_only = off", "pragma writable_schema = on", "pragma foreign_keys = off",
        "vacuum into 'other.db'"}) {
    SCOPED_TRACE(text);
    const sql::Failure failure = FailureOf(text);
    EXPECT_TRUE(failure.kind == FailureKind::kPermissionDenied || failure.kind == FailureKind::kInvalidValue)
        << Name(failure.kind) << " " << failure.message;
    EXPECT_NE(access("other.db", F_OK), 0);
  }
  EXPECT_EQ(FailureOf("select load_extension('x')").kind, FailureKind::kPermissionDenied);
  EXPECT_EQ(FailureOf("select \"no such name\"").kind, FailureKind::kInvalidStatement);
  EXPECT_FALSE(Run("update sqlite_schema set sql = ''"));
  EXPECT_EQ(Must("select name from pragma_table_info('t')"), Lines{"n"});
  EXPECT_EQ(Must("pragma foreign_keys"), Lines{"1"});
  EXPECT_EQ(Must("pragma synchronous"), Lines{"2"});
}

TEST_F(StoreFileTest, ASnapshotOfWhatEveryConnectionSees) {
  Must("create table t (n integer)");
  auto stream = Await(
      database().Stream({.statement = sql::Statement("select n from t"), .access = sql::Access::kRead}));
  ASSERT_TRUE(stream);
  ASSERT_TRUE(Await((*stream)->Next()));
  for (int i = 0; i < 20; ++i) {
    Must("insert into t values (1)");
    for (int reader = 0; reader < 8; ++reader) EXPECT_EQ(Count("t"), i + 1);
  }
}

}  // namespace
}  // namespace tidemill::sqlite
