#include "queries/files/watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include "net/testing/harness.h"
#include "net/testing/slowdown.h"
#include "queries/files/testing/folder.h"

namespace tidemill::files {
namespace {

using net::testing::OpenLoop;
using net::testing::RunTurns;
using net::testing::RunUntil;
using testing::Folder;

// A Watch, and what it told.
struct Watching {
  explicit Watching(std::string folder, net::LoopOptions loop_options = {})
      : Watching({.scan = {.folder = std::move(folder)}}, loop_options) {}
  explicit Watching(WatchOptions options, net::LoopOptions loop_options = {})
      : loop(OpenLoop(loop_options)),
        watch(std::make_unique<Watch>(*loop, std::move(options), metrics, [this](auto set, const Changes& c) {
          last = std::move(set);
          changes = c;
          ++calls;
        })) {}
  ~Watching() { watch.reset(); }

  bool WaitForCalls(int n) {
    return RunUntil(*loop, [&] { return calls >= n; });
  }
  // Until the set is as `done` wants it.
  template <class Done>
  bool WaitFor(Done done) {
    return RunUntil(*loop, [&] { return last && done(*last); });
  }
  bool WaitForText(std::string_view path, std::string_view text) {
    return WaitFor(
        [&](const FileSet& set) { return set.Find(path) != nullptr && set.Find(path)->text == text; });
  }
  bool WaitForAbsence(std::string_view path) {
    return WaitFor([&](const FileSet& set) { return set.found && set.Find(path) == nullptr; });
  }

  metrics::Registry registry;
  FilesMetrics metrics{registry};
  std::unique_ptr<net::Loop> loop;
  std::shared_ptr<const FileSet> last;
  Changes changes;
  int calls = 0;
  std::unique_ptr<Watch> watch;
};

TEST(Watch, TellsTheFirstSetAndThenChangesOnly) {
  const Folder folder;
  folder.Write("a.get.sql", "select 1");
  Watching watching(folder.path());
  ASSERT_TRUE(watching.WaitForCalls(1));
  EXPECT_EQ(watching.changes, Changes{.added = {"a.get.sql"}});

  folder.Write("a.get.sql", "select 2");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 2"));
  EXPECT_EQ(watching.changes, Changes{.changed = {"a.get.sql"}});
  folder.Remove("a.get.sql");
  ASSERT_TRUE(watching.WaitForAbsence("a.get.sql"));
  EXPECT_EQ(watching.changes, Changes{.removed = {"a.get.sql"}});

  // What changes nothing is read, and not told.
  const int calls = watching.calls;
  const std::uint64_t scans = watching.metrics.scans.value();
  folder.Write("notes.txt", "none");
  ASSERT_TRUE(RunUntil(*watching.loop, [&] { return watching.metrics.scans.value() > scans; }));
  RunTurns(*watching.loop);
  EXPECT_EQ(watching.calls, calls);
}

TEST(Watch, SeesWhatEditorsDo) {
  const Folder folder;
  folder.Write("a.get.sql", "select 1");
  Watching watching(folder.path());
  ASSERT_TRUE(watching.WaitForCalls(1));
  // Written aside and renamed.
  folder.WriteAside("a.get.sql", "select 2");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 2"));
  folder.WriteAside("a.get.sql", "select 3");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 3")) << "a second time, of another file";
  // The old one moved away, a new one written (vim's backup).
  folder.Write("4913", "");
  folder.Remove("4913");
  folder.Rename("a.get.sql", "a.get.sql~");
  folder.Write("a.get.sql", "select 4");
  folder.Remove("a.get.sql~");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 4"));
  // Appended to.
  std::ofstream(folder.Of("a.get.sql"), std::ios::app) << "4";
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 44"));
}

TEST(Watch, SeesNewFoldersAndWhatIsInThem) {
  const Folder folder;
  Watching watching(folder.path());
  ASSERT_TRUE(watching.WaitForCalls(1));
  folder.Write("a/b/c.get.sql", "select 1");
  ASSERT_TRUE(watching.WaitForText("a/b/c.get.sql", "select 1"));
  folder.Write("a/b/c.get.sql", "select 2");
  ASSERT_TRUE(watching.WaitForText("a/b/c.get.sql", "select 2"));
  folder.Rename("a", "x");
  ASSERT_TRUE(watching.WaitForText("x/b/c.get.sql", "select 2"));
  EXPECT_EQ(watching.changes, (Changes{.added = {"x/b/c.get.sql"}, .removed = {"a/b/c.get.sql"}}));
  folder.Write("x/b/c.get.sql", "select 3");
  ASSERT_TRUE(watching.WaitForText("x/b/c.get.sql", "select 3")) << "under its new name";
  folder.Remove("x");
  ASSERT_TRUE(watching.WaitForAbsence("x/b/c.get.sql"));
}

TEST(Watch, SeesAFolderMovedIn) {
  const Folder folder;
  folder.Write("outside/a/b.get.sql", "select 1");
  folder.MakeFolder("inside");
  Watching watching(folder.Of("inside"));
  ASSERT_TRUE(watching.WaitForCalls(1));
  folder.Rename("outside/a", "inside/a");
  ASSERT_TRUE(watching.WaitForText("a/b.get.sql", "select 1"));
  folder.Rename("inside/a", "outside/a");
  ASSERT_TRUE(watching.WaitForAbsence("a/b.get.sql"));
}

TEST(Watch, SeesAConfigMapBecomeAnother) {
  const Folder folder;
  folder.Write("..1/a.get.sql", "select 1");
  folder.Link("..data", "..1");
  folder.Link("a.get.sql", "..data/a.get.sql");
  Watching watching(folder.path());
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 1"));
  folder.Write("..2/a.get.sql", "select 2");
  folder.Link("..data_tmp", "..2");
  folder.Rename("..data_tmp", "..data");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 2"));
}

TEST(Watch, SurvivesTheFoldersDeletionAndReturn) {
  const Folder folder;
  folder.Write("top/queries/a.get.sql", "select 1");
  Watching watching(folder.Of("top/queries"));
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 1"));
  for (int i = 0; i < 2; ++i) {
    folder.Remove("top/queries");
    ASSERT_TRUE(watching.WaitFor([](const FileSet& set) { return !set.found; }));
    EXPECT_TRUE(watching.changes.folder);
    folder.Write("top/queries/a.get.sql", "select 2");
    ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 2"));
    EXPECT_TRUE(watching.changes.folder);
    folder.Write("top/queries/a.get.sql", "select 3");
    ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 3"));
  }
  // The one above it, too.
  folder.Remove("top");
  ASSERT_TRUE(watching.WaitFor([](const FileSet& set) { return !set.found; }));
  folder.Write("top/queries/a.get.sql", "select 4");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 4"));
}

TEST(Watch, WaitsForAFolderThatIsNotThereYet) {
  const Folder folder;
  Watching watching(folder.Of("later/queries"));
  ASSERT_TRUE(watching.WaitForCalls(1));
  EXPECT_FALSE(watching.last->found);
  folder.Write("later/queries/a.get.sql", "select 1");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 1"));
}

TEST(Watch, SeesTheFolderReplaced) {
  const Folder folder;
  folder.Write("queries/a.get.sql", "select 1");
  folder.Write("next/a.get.sql", "select 2");
  Watching watching(folder.Of("queries"));
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 1"));
  folder.Rename("queries", "old");
  folder.Rename("next", "queries");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 2"));
  folder.Write("old/a.get.sql", "select 0");
  folder.Write("queries/a.get.sql", "select 3");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 3"));
}

TEST(Watch, SeesALinkToTheFolderBecomeAnother) {
  const Folder folder;
  folder.Write("releases/1/queries/a.get.sql", "select 1");
  folder.Write("releases/2/queries/a.get.sql", "select 2");
  folder.Link("current", "releases/1");
  Watching watching(folder.Of("current/queries"));
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 1"));
  folder.Link("current_new", "releases/2");
  folder.Rename("current_new", "current");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 2"));
  folder.Write("releases/2/queries/a.get.sql", "select 3");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 3"));
}

TEST(Watch, ManyChangesAtOnceAreToldOnce) {
  const Folder folder;
  Watching watching(folder.path());
  ASSERT_TRUE(watching.WaitForCalls(1));
  // The loop sees them all in one turn.
  for (int i = 0; i < 300; ++i) folder.Write("a" + std::to_string(i) + ".get.sql", "select 1");
  ASSERT_TRUE(watching.WaitForCalls(2));
  EXPECT_EQ(watching.calls, 2);
  EXPECT_EQ(watching.changes.added.size(), 300u);
}

TEST(Watch, ChangesWithoutAnEndAreReadInTheMeantime) {
  const Folder folder;
  ManualClock clock;
  Watching watching(folder.path(), {.clock = &clock});
  ASSERT_TRUE(watching.WaitForCalls(1));
  // The second of the two jobs of a reading has ended when a change is no longer "read again".
  RunTurns(*watching.loop, 20);
  int steps = 0;
  // Each change comes before the quiet time has passed.
  for (; watching.calls == 1 && steps < 100; ++steps) {
    folder.Write("a.get.sql", "select " + std::to_string(steps));
    for (int i = 0; i < 5 && watching.calls == 1; ++i) watching.loop->RunOnce(Milliseconds(5));
    clock.Advance(Milliseconds(50));
  }
  EXPECT_GE(steps, 19) << "of 50 ms each: not before a second has passed";
  EXPECT_LT(steps, 100);
}

TEST(Watch, LostChangesAreReadAgain) {
  const Folder folder;
  Watching watching(folder.path());
  ASSERT_TRUE(watching.WaitForCalls(1));
  RunTurns(*watching.loop, 20);
  std::size_t queue = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue;
  ASSERT_GT(queue, 0u);
  // Three events each, which nobody reads meanwhile.
  for (std::size_t i = 0; i < queue / 3 + 100; ++i) {
    const std::string name = folder.Of("x" + std::to_string(i));
    close(open(name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    unlink(name.c_str());
  }
  folder.Write("a.get.sql", "select 1");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 1"));
  EXPECT_EQ(watching.metrics.overflows.value(), 1u);
  folder.Write("a.get.sql", "select 2");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 2"));
}

TEST(Watch, WithoutTheKernelsHelpItPolls) {
  const Folder folder;
  folder.Write("a.get.sql", "select 1");
  const auto available = std::make_shared<std::atomic<bool>>(false);
  Watching watching(WatchOptions{.scan = {.folder = folder.path()},
                                 .poll = Milliseconds(30),
                                 .open_inotify = [available]() -> Result<std::unique_ptr<Inotify>> {
                                   if (*available) return Inotify::Open();
                                   return Fail(Errc::kLimitExceeded, "no inotify instance left");
                                 }});
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 1"));
  folder.Write("a.get.sql", "select 2");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 2"));
  EXPECT_EQ(watching.metrics.polling.value(), 1);
  *available = true;
  ASSERT_TRUE(RunUntil(*watching.loop, [&] { return watching.metrics.polling.value() == 0; }));
  folder.Write("a.get.sql", "select 3");
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 3"));
}

TEST(Watch, WhatCannotBeReadIsTriedAgain) {
  const Folder folder;
  folder.Write("a.get.sql", "select 1");
  Watching watching(WatchOptions{.scan = {.folder = folder.path()}, .poll = Milliseconds(50)});
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 1"));
  // The second half of the reading has ended, so that its descriptors are free.
  RunTurns(*watching.loop, 20);
  folder.Write("a.get.sql", "select 2");
  {
    const testing::DescriptorLimit limit(2);  // the watches and the folder
    ASSERT_TRUE(watching.WaitFor([](const FileSet& set) { return set.try_again; }));
    EXPECT_EQ(watching.last->Find("a.get.sql")->problems.size(), 1u);
  }
  ASSERT_TRUE(watching.WaitForText("a.get.sql", "select 2")) << "nobody told of a change";
}

TEST(Watch, CountsFilesAndProblems) {
  const Folder folder;
  folder.Write("a.get.sql", "-- @nonsense\n-- @more\nselect 1");
  folder.Write("b.get.sql", "select 1");
  Watching watching(folder.path());
  ASSERT_TRUE(watching.WaitForCalls(1));
  const auto problems = [&](ProblemKind kind) {
    return watching.metrics.problems[static_cast<std::size_t>(kind)]->value();
  };
  EXPECT_EQ(watching.metrics.files.value(), 2);
  EXPECT_EQ(problems(ProblemKind::kTag), 2);
  folder.Write("a.get.sql", "select 1; select 2");
  ASSERT_TRUE(watching.WaitForCalls(2));
  EXPECT_EQ(problems(ProblemKind::kTag), 0);
  EXPECT_EQ(problems(ProblemKind::kContradiction), 1);
}

TEST(Watch, MayEndWhileItReads) {
  const Folder folder;
  for (int i = 0; i < 200; ++i) folder.Write("a" + std::to_string(i) + ".get.sql", "select 1");
  Watching before(folder.path());
  before.watch.reset();
  RunTurns(*before.loop, 50);
  EXPECT_EQ(before.calls, 0);
  Watching after(folder.path());
  ASSERT_TRUE(after.WaitForCalls(1));
  folder.Write("b.get.sql", "select 1");
  after.loop->RunOnce(Milliseconds(150));
  after.watch.reset();
  RunTurns(*after.loop, 50);
}

// 10,000 files: read on the pool, while the loop goes on.
TEST(Watch, ManyFilesDoNotStopTheLoop) {
  const Folder folder;
  constexpr int kFiles = 10'000;
  for (int i = 0; i < kFiles; ++i) {
    folder.Write("f" + std::to_string(i % 100) + "/q" + std::to_string(i) + ".get.sql",
                 "-- One of many.\n-- @param id int!\n-- @auth role:web\n-- @page limit=50 max=500\n"
                 "select id, status from orders where customer_id = :id and status <> 'x' order by id\n");
  }
  metrics::Registry registry;
  FilesMetrics metrics(registry);
  const auto loop = OpenLoop();
  std::shared_ptr<const FileSet> last;
  std::atomic<int> added = 0;
  // A thread of its own: its CPU time is the loop's.
  std::thread thread([&] {
    Watch watch(*loop, {.scan = {.folder = folder.path()}}, metrics, [&](auto set, const Changes& changes) {
      last = std::move(set);
      added += static_cast<int>(changes.added.size());
      added.notify_one();
    });
    loop->Run();
  });
  added.wait(0);
  const double first = metrics.scan_seconds.Read().sum;
  // All of them become others, so that the whole of the old set goes.
  for (int i = 0; i < 100; ++i) folder.Rename("f" + std::to_string(i), "g" + std::to_string(i));
  for (int seen = added; seen < 2 * kFiles; seen = added) added.wait(seen);
  loop->Stop();
  thread.join();
  EXPECT_EQ(last->files.size(), 10'000u);
  EXPECT_EQ(last->Describe(), "");
  RecordProperty("scan_ms", static_cast<int>(first * 1000));  // no limit: a disk may be busy
  RecordProperty("longest_turn_cpu_us", static_cast<int>(loop->meter().longest_cpu()));
  EXPECT_LT(loop->meter().longest_cpu(), net::TurnMeter::kLong * net::testing::kSlowdown)
      << loop->meter().TakeLongest().Work();
}

}  // namespace
}  // namespace tidemill::files
