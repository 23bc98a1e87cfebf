#include "postgres/replication/replication.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "postgres/testing/each_version.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using testing::DriveUntil;

std::string TupleLine(const pgoutput::Tuple& tuple) {
  std::string line;
  for (const pgoutput::TupleField& field : tuple) {
    line += ' ';
    switch (field.form) {
      case pgoutput::TupleField::Form::kNull: line += '~'; break;
      case pgoutput::TupleField::Form::kUnchanged: line += '='; break;
      default: line += field.value;
    }
  }
  return line;
}

// Without descriptions of relations that were told before: the server repeats them when its caches say so.
std::vector<std::string> WithoutRepetitions(const std::vector<std::string>& lines) {
  std::vector<std::string> kept;
  for (const std::string& line : lines) {
    if (!line.starts_with("relation ") || std::ranges::find(kept, line) == kept.end()) kept.push_back(line);
  }
  return kept;
}

// Writes down what is told, one line each.
struct Told final : ReplicationEvents {
  struct Writer {
    Told& told;
    std::string operator()(const pgoutput::Begin& begin) const { return begin.xid != 0 ? "begin" : "no xid"; }
    std::string operator()(const pgoutput::Commit& commit) const {
      told.last_commit = commit.end_lsn;
      return "commit";
    }
    std::string operator()(const pgoutput::Origin&) const { return "origin"; }
    std::string operator()(const pgoutput::Relation& relation) const {
      told.names[relation.oid] = relation.name;
      std::string line = "relation " + std::string(relation.schema) + "." + std::string(relation.name);
      for (const pgoutput::RelationColumn& column : relation.columns) {
        line += ' ' + std::string(column.name) + (column.is_key ? "!" : "");
      }
      return line;
    }
    std::string operator()(const pgoutput::TypeName&) const { return "type"; }
    std::string operator()(const pgoutput::Insert& insert) const {
      return "insert " + told.names[insert.relation] + TupleLine(insert.row);
    }
    std::string operator()(const pgoutput::Update& update) const {
      return "update " + told.names[update.relation] +
             (update.before ? TupleLine(*update.before) + " ->" : "") + TupleLine(update.row);
    }
    std::string operator()(const pgoutput::Delete& gone) const {
      return "delete " + told.names[gone.relation] + TupleLine(gone.before);
    }
    std::string operator()(const pgoutput::Truncate& truncate) const {
      std::string line = "truncate";
      for (const std::uint32_t oid : truncate.relations) line += " " + told.names[oid];
      return line;
    }
    std::string operator()(const pgoutput::LogicalMessage&) const { return "message"; }
  };

  void OnMessage(const pgoutput::Message& message) override {
    lines.push_back(std::visit(Writer{*this}, message));
  }
  void OnTooLarge(std::uint32_t bytes) override { lines.push_back("too large " + std::to_string(bytes)); }
  void OnEnded(const sql::Failure& failure) override { ended = failure; }
  int commits() const { return static_cast<int>(std::ranges::count(lines, "commit")); }

  std::map<std::uint32_t, std::string> names;
  std::vector<std::string> lines;
  Lsn last_commit = 0;
  std::optional<sql::Failure> ended;
};

class ReplicationTest : public ::testing::TestWithParam<testing::Version> {
 protected:
  ~ReplicationTest() override {
    if (replication) loop->Retire(std::move(replication));
    net::testing::RunTurns(*loop);
  }
  sql::Result<void> Open(ReplicationOptions options) {
    auto opened = testing::RunTask(*loop, OpenReplication(*loop, *opener, std::move(options), told, metrics));
    if (!opened) return std::unexpected(opened.error());
    replication = *std::move(opened);
    return {};
  }
  static ReplicationOptions Options() {
    ReplicationOptions options{.publications = {"all\"of it"}};
    options.status_interval = Milliseconds(200);
    options.connection.io_timeout = tidemill::testing::kPatience;
    options.connection.row_bytes_max = 100'000;
    return options;
  }

  testing::PostgresServer server{{.version = GetParam(),
                                  .lines = {"wal_level = logical"},
                                  .sql = "create table things(id int primary key, t text, big text);"
                                         "create table whole(a int, b int);"
                                         "alter table whole replica identity full;"
                                         "create publication \"all\"\"of it\" for all tables"}};
  std::unique_ptr<net::Loop> loop = net::testing::OpenLoop();
  metrics::Registry registry;
  Metrics metrics{registry};
  std::unique_ptr<const SessionOpener> opener = testing::OpenerOf(server.url());
  Told told;
  std::unique_ptr<Replication> replication;
};

INSTANTIATE_TEST_SUITE_P(Versions, ReplicationTest, testing::EachVersion(), testing::VersionName);

TEST_P(ReplicationTest, TellsWhatIsCommittedInItsOrder) {
  server.Run("insert into things values (0, 'before', null)");
  ASSERT_TRUE(Open(Options()));
  server.Run(
      "insert into things values (1, 'one', null), (2, null, (select string_agg(md5(n::text), '') from "
      "generate_series(1, 500) n))");
  server.Run("begin; update things set id = 3 where id = 1; rollback");
  server.Run(
      "begin; update things set t = 'two' where id = 2; update things set id = 4 where id = 1;"
      "delete from things where id = 0; commit");
  for (const char* text : {"insert into whole values (1, null)", "update whole set b = 2",
                           "delete from whole", "truncate whole, things"}) {
    server.Run(text);
  }
  ASSERT_TRUE(DriveUntil(*loop, [&] { return told.commits() == 6; })) << ::testing::PrintToString(told.lines);
  for (std::string& line : told.lines) {
    if (line.size() > 1000) line.resize(20);
  }
  const std::vector<std::string> expected = {"begin",
                                             "relation public.things id! t big",
                                             "insert things 1 one ~",
                                             "insert things 2 ~ c4",
                                             "commit",
                                             "begin",
                                             "update things 2 two =",
                                             "update things 1 ~ ~ -> 4 one ~",
                                             "delete things 0 ~ ~",
                                             "commit",
                                             "begin",
                                             "relation public.whole a! b!",
                                             "insert whole 1 ~",
                                             "commit",
                                             "begin",
                                             "update whole 1 ~ -> 1 2",
                                             "commit",
                                             "begin",
                                             "delete whole 1 2",
                                             "commit",
                                             "begin",
                                             "truncate whole things",
                                             "commit"};
  EXPECT_EQ(WithoutRepetitions(told.lines), expected);
}

TEST_P(ReplicationTest, WhatIsAcknowledgedIsNotKept) {
  ASSERT_TRUE(Open(Options()));
  const Lsn begun = replication->begin();
  server.Run("insert into things values (1, 'one', null)");
  ASSERT_TRUE(DriveUntil(*loop, [&] { return told.commits() == 1; }));
  const auto confirmed = [&] {
    return server.Run("select confirmed_flush_lsn > '0/0'::pg_lsn + " + std::to_string(begun) +
                      " from pg_replication_slots");
  };
  net::testing::RunTurns(*loop, 50);
  EXPECT_LT(replication->acknowledged(), told.last_commit) << "nobody has taken care of it yet";
  replication->Acknowledge(told.last_commit);
  EXPECT_TRUE(DriveUntil(*loop, [&] {
    loop->RunOnce(Milliseconds(50));
    return confirmed() == "t\n" || confirmed() == "t";
  }));
  // What others write without a change for us moves it on, too.
  const Lsn before = replication->acknowledged();
  server.Run("create table others as select n from generate_series(1, 1000) n");
  EXPECT_TRUE(DriveUntil(*loop, [&] {
    replication->Acknowledge(told.last_commit);
    return replication->acknowledged() > before;
  }));
}

TEST_P(ReplicationTest, AChangeThatIsTooLargeIsToldAsThat) {
  ASSERT_TRUE(Open(Options()));
  server.Run("insert into things values (1, 'one', repeat('x', 200000)), (2, 'two', null)");
  ASSERT_TRUE(DriveUntil(*loop, [&] { return told.commits() == 1; }));
  ASSERT_EQ(told.lines.size(), 5u);
  EXPECT_TRUE(told.lines[2].starts_with("too large 200")) << told.lines[2];
  EXPECT_EQ(told.lines[3], "insert things 2 two ~");
}

TEST_P(ReplicationTest, TheSlotEndsWithIt) {
  ASSERT_TRUE(Open(Options()));
  EXPECT_TRUE(server.Run("select count(*) from pg_replication_slots").starts_with("1"));
  loop->Retire(std::move(replication));
  net::testing::RunTurns(*loop);
  EXPECT_TRUE(DriveUntil(
      *loop, [&] { return server.Run("select count(*) from pg_replication_slots").starts_with("0"); }));
}

TEST_P(ReplicationTest, ItsEndIsTold) {
  ASSERT_TRUE(Open(Options()));
  server.Kill();
  ASSERT_TRUE(DriveUntil(*loop, [&] { return told.ended.has_value(); }));
  EXPECT_EQ(told.ended->kind, sql::FailureKind::kUnavailable);
  EXPECT_FALSE(Open(Options()));
}

TEST_P(ReplicationTest, WhatIsMissingIsNamed) {
  ReplicationOptions options = Options();
  options.publications = {"all\"of it", "it's"};
  const auto opened = Open(options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, sql::FailureKind::kInvalidStatement);
  EXPECT_EQ(opened.error().message, "there is no publication \"it's\"");
}

}  // namespace
}  // namespace tidemill::postgres
