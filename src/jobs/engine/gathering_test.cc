#include "jobs/engine/gathering.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::jobs {
namespace {

StoredJob Job(std::uint64_t id) {
  return {.id = JobId(id), .jid = "job-" + std::to_string(id), .queue = "q", .type = "T", .text = "{}"};
}
LaterJob LaterJobOf(std::uint64_t id) {
  return {.job = Job(id), .wait = Wait::kRetry, .run_at = WallTime{5}};
}
PushedJob Pushed(std::uint64_t id, Pushed::IfFailed if_failed = Pushed::IfFailed::kDrop) {
  PushedJob push;
  push.row.job = Job(id);
  push.pushed.if_failed = if_failed;
  return push;
}

TEST(Gathering, WhatMovesTwiceIsWrittenOnce) {
  Gathering gathering;
  gathering.Remove(Place::kReady, JobId(1));
  gathering.Insert(LaterJobOf(1));
  gathering.Remove(Place::kLater, JobId(1));
  gathering.Insert(Job(1));
  const auto flush = gathering.Seal(1, 1);
  EXPECT_TRUE(flush->later.empty());
  EXPECT_EQ(flush->ready.size(), 1u);
  EXPECT_EQ(flush->ready_deletes, std::vector<JobId>{JobId(1)});
}

TEST(Gathering, WhatComesAndGoesIsNotWritten) {
  Gathering gathering;
  gathering.InsertNew(Job(1));
  gathering.Remove(Place::kReady, JobId(1));
  EXPECT_TRUE(gathering.empty());
  const auto flush = gathering.Seal(1, 1);
  EXPECT_TRUE(flush->empty());
}

TEST(Gathering, OfARecordTheLastValueCounts) {
  Gathering gathering;
  gathering.Put({.kind = "k", .key = "a", .value = "1", .expires_at = {}});
  gathering.Put({.kind = "k", .key = "a", .value = "2", .expires_at = {}});
  gathering.Put({.kind = "k", .key = "b", .value = "1", .expires_at = {}});
  gathering.Remove(RecordKey{.kind = "k", .key = "b"});
  const auto flush = gathering.Seal(1, 1);
  ASSERT_EQ(flush->records.size(), 1u);
  EXPECT_EQ(flush->records[0].value, "2");
  EXPECT_EQ(flush->record_deletes.size(), 1u);
}

TEST(Gathering, PushesComeBackInTheirOrderAfterTheCommit) {
  Gathering gathering;
  gathering.Insert(Job(7));
  for (std::uint64_t id = 1; id <= 3; ++id) gathering.Push(Pushed(id));
  const auto flush = gathering.Seal(4, 5);
  EXPECT_EQ(flush->epoch, 4u);
  EXPECT_EQ(flush->number, 5u);
  EXPECT_EQ(flush->ready.size(), 4u);
  const auto pushed = gathering.TakePushed();
  ASSERT_EQ(pushed.size(), 3u);
  EXPECT_EQ(pushed[0].row.job, Job(1));
  EXPECT_EQ(pushed[2].row.job, Job(3));
}

TEST(Gathering, AFailedFlushGoesOnWithoutItsPushes) {
  Gathering failed;
  failed.Push(Pushed(1));
  failed.Push(Pushed(2, Pushed::IfFailed::kRetry));
  failed.Insert(LaterJobOf(3));
  failed.Put({.kind = "k", .key = "a", .value = "1", .expires_at = {}});
  failed.Put({.kind = "k", .key = "b", .value = "1", .expires_at = {}});
  (void)failed.Seal(1, 1);
  const auto dropped = failed.Reopen();
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0].row.job.id, JobId(1));
  failed.Remove(Place::kLater, JobId(3));
  failed.Insert(Job(3));
  failed.Remove(RecordKey{.kind = "k", .key = "a"});
  const auto flush = failed.Seal(1, 1);
  EXPECT_TRUE(flush->later.empty());
  ASSERT_EQ(flush->ready.size(), 2u);
  EXPECT_EQ(flush->ready[0].id, JobId(3));
  ASSERT_EQ(flush->records.size(), 1u);
  EXPECT_EQ(flush->records[0].key, "b");
  EXPECT_EQ(failed.TakePushed().size(), 1u);
}

}  // namespace
}  // namespace tidemill::jobs
