// A process that is killed while it writes: what was acknowledged is there, and
// nothing is there by half.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/log.h"
#include "base/testing/temporary_folder.h"
#include "chat/store/schema.h"
#include "chat/store/sql_store.h"
#include "net/testing/run_task.h"
#include "sql/schema/apply_schema.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::chat {
namespace {

using net::testing::RunTask;

// A chat in a file.
struct Node {
  explicit Node(const std::string& folder)
      : bench({.path = folder + "/chat.db", .readers = 1}),
        store(MakeSqlStore(*bench.loop, *bench.database, SystemClock(), {})) {}

  template <class T>
  T Must(Task<Outcome<T>> task) {
    auto outcome = RunTask(*bench.loop, std::move(task));
    TM_ASSERT(outcome);
    return *std::move(outcome);
  }

  sqlite::testing::Bench bench;
  std::unique_ptr<Store> store;
};

RoomId Create(const std::string& folder) {
  Node node(folder);
  const std::vector<sql::Schema> schemas = {ChatSchema()};
  TM_ASSERT(
      RunTask(*node.bench.loop, sql::ApplySchemas(*node.bench.loop, *node.bench.database, schemas, {})));
  node.Must(node.store->users().Upsert({.id = "ada", .name = {}, .username = {}}));
  return node.Must(node.store->rooms().Create({.name = "general", .created_by = "ada"})).id;
}

// Sends batches for ever, and says up to which seq they are acknowledged.
[[noreturn]] void Work(const std::string& folder, RoomId room, int acknowledged) {
  log::Configure({.level = log::Level::kOff});
  Node node(folder);
  for (int i = 0;; ++i) {
    const std::vector<Send> sends(static_cast<std::size_t>(1 + i % 5), {.user_id = "ada", .text = "word"});
    const Seq seq = node.Must(node.store->messages().Append(room, sends)).room.last_seq;
    if (write(acknowledged, &seq, sizeof seq) != sizeof seq) _exit(1);
  }
}

// What does not fit together.
std::string ProblemOf(const std::string& folder, RoomId id, Seq acknowledged) {
  Node node(folder);
  const auto view = node.Must(node.store->rooms().Find(id, "ada"));
  const Room& room = view->room;
  if (room.last_seq < acknowledged) return "an acknowledged message is missing";
  if (room.version != room.last_seq || room.root_count != room.last_seq) return "the counters differ";
  if (view->membership->unread != 0) return "the sender's marker is behind";
  Seq seq = 0;
  for (bool more = true; more;) {
    const auto page = node.Must(node.store->retention().Export(id, seq, 200));
    more = !page.empty();
    for (const Message& message : page)
      if (message.seq != ++seq || message.version != seq)
        return "message " + std::to_string(seq) + " is another";
  }
  if (seq != room.last_seq) return "there are other messages than the room counts";
  if (room.version > 0) {
    const auto changes = node.Must(node.store->changes().ListAfter(id, room.version - 1, 10)).changes;
    if (changes.size() != 1) return "the last change is missing";
  }
  std::size_t found = 0;
  MessageSearch search{.user = "ada", .phrases = {"word"}, .limit = 100};
  do {
    const SearchPage page = node.Must(node.store->search().Find(search));
    found += page.messages.size();
    search.cursor = page.cursor;
  } while (!search.cursor.empty());
  return found == static_cast<std::size_t>(seq) ? "" : "the index has other messages";
}

TEST(ChatStoreKill, WhatWasAcknowledgedIsThereAfterKill9) {
  log::Configure({.level = log::Level::kOff});
  const tidemill::testing::TemporaryFolder folder;
  const RoomId room = Create(folder.path());
  Seq last = 0;
  for (Seq life = 1; life <= 6; ++life) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      Work(folder.path(), room, ends[1]);
    }
    close(ends[1]);
    const Seq enough = last + 20 + 13 * life;
    for (Seq seq = 0; read(ends[0], &seq, sizeof seq) == sizeof seq;) {
      last = seq;
      if (seq >= enough) kill(child, SIGKILL);
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    ASSERT_EQ(ProblemOf(folder.path(), room, last), "") << life;
  }
  EXPECT_GT(last, 300);
  log::Configure({});
}

}  // namespace
}  // namespace tidemill::chat
