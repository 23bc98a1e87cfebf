// links: engine
// Whatever a database says: each reader of stored values takes or refuses it, without a crash, and what one
// has taken and written is read and written as the same again. The first byte says which reader it is.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "jobs/batches/batch.h"
#include "jobs/batches/batches.h"
#include "jobs/cron/schedule.h"
#include "jobs/engine/locks.h"
#include "jobs/engine/schedule_spec.h"
#include "jobs/engine/stats.h"
#include "jobs/engine/track.h"
#include "jobs/job/failure.h"
#include "jobs/limits/limits_json.h"
#include "jobs/store/cursor.h"
#include "jobs/workflows/node.h"
#include "jobs/workflows/workflows.h"

namespace {

using namespace tidemill;
using namespace tidemill::jobs;

constexpr WallTime kNow{1'764'000'000'123};

// The key in front of the first line end, the value behind it.
Record RecordOf(std::string_view kind, std::string_view text) {
  const std::size_t end = text.find('\n');
  Record record{
      .kind = std::string(kind), .key = std::string(text.substr(0, end)), .value = {}, .expires_at = kNow};
  if (end != text.npos) record.value = text.substr(end + 1);
  return record;
}

void ReadBatch(std::string_view text) {
  const auto batch = DecodeBatch(RecordOf(kBatchKind, text));
  if (!batch) return;
  const Record written = EncodeBatch(*batch, kNow);
  const auto again = DecodeBatch(written);
  TM_ASSERT(again.has_value() && EncodeBatch(*again, kNow) == written);
}

void ReadNode(std::string_view text) {
  const auto node = DecodeNode(RecordOf(kNodeKind, text));
  if (!node) return;
  const Record written = EncodeNode(*node, kNow);
  const auto again = DecodeNode(written);
  TM_ASSERT(again.has_value() && EncodeNode(*again, kNow) == written);
}

void ReadProgress(std::string_view text) {
  const auto progress = ParseProgress(text);
  if (!progress) return;
  std::string written;
  AppendProgress(*progress, written);
  const auto again = ParseProgress(written);
  TM_ASSERT(again.has_value() && *again == *progress);
}

void ReadSchedule(std::string_view text) {
  const auto record = ParseScheduleRecord(text);
  if (!record) return;
  const auto again = ParseScheduleRecord(ToJson(*record));
  TM_ASSERT(again.has_value() && *again == *record);
  (void)cron::ParseSchedule(record->spec.schedule);
  (void)WithJid(record->spec.job, "01234567");
}

void ReadLimits(std::string_view text) {
  const auto limits = ParseLimits(text);
  if (!limits) return;
  std::string written;
  AppendLimits(*limits, written);
  const auto again = ParseLimits(written);
  TM_ASSERT(again.has_value() && *again == *limits);
}

void ReadLock(std::string_view text) {
  Locks locks(1);
  const auto loaded = locks.Load(RecordOf(Locks::kKind, text));
  TM_ASSERT(locks.size() == (loaded ? 1u : 0u));
}

void ReadStat(std::string_view text) {
  Stats stats;
  (void)stats.Load(RecordOf(Stats::kKind, text));
}

void ReadCursor(std::string_view text) {
  const auto position = ParseCursor(text);
  if (position) TM_ASSERT(ParseCursor(CursorOf(*position)).has_value());
}

void ReadFailure(std::string_view text) {
  const auto failure = job::ParseFailure(text);
  if (!failure) return;
  std::string written;
  job::AppendFailure(*failure, written);
  TM_ASSERT(job::ParseFailure(written).has_value());
}

// Records of one kind behind each other, with an empty line between; what is loaded works, and is told apart.
template <class Load>
void ForEachRecord(std::string_view text, Load load) {
  constexpr std::string_view kBetween = "\n\n";
  for (std::size_t count = 0; count < 64 && !text.empty(); ++count) {
    const std::size_t end = text.find(kBetween);
    load(text.substr(0, end));
    text = end == text.npos ? std::string_view() : text.substr(end + kBetween.size());
  }
}

void RecoverBatches(std::string_view text) {
  Batches batches;
  ForEachRecord(text, [&](std::string_view each) {
    const std::string_view kind =
        each.contains("/complete\n") || each.contains("/success\n") ? kBatchCallbackKind : kBatchKind;
    (void)batches.Load(RecordOf(kind, each));
  });
  while (batches.Recover(kNow, 8)) {
  }
  (void)batches.TakeDue(kNow);
  for (const Batch& batch : batches.List("", 64)) {
    batches.Move(batch.bid, Standing::kPending, Standing::kSucceeded, kNow);
    (void)batches.TakeDue(kNow);
  }
  (void)batches.Gather();
  while (batches.Expire(kNow + Hours(24 * 400), 8)) {
  }
}

void RecoverWorkflows(std::string_view text) {
  Workflows workflows;
  ForEachRecord(text, [&](std::string_view each) {
    (void)workflows.Load(RecordOf(each.starts_with("signal:") ? kSignalKind : kNodeKind, each));
  });
  while (workflows.Recover(8)) {
  }
  for (int i = 0; i < 1000 && workflows.has_work(); ++i) {
    (void)workflows.Advance(8, kNow);
    for (const auto& ready : workflows.TakeReady(8)) {
      (void)workflows.Release(ready.jid, kNow);
      workflows.End(ready.jid, NodeEnd::kDone, "1", kNow);
    }
    for (const auto& cancelled : workflows.TakeCancelled(8))
      workflows.End(cancelled.jid, NodeEnd::kGone, "", kNow);
  }
  TM_ASSERT(!workflows.has_work());
  (void)workflows.Gather();
}

constexpr std::array kReaders = {ReadBatch,   ReadNode,       ReadProgress,    ReadSchedule,
                                 ReadLimits,  ReadLock,       ReadStat,        ReadCursor,
                                 ReadFailure, RecoverBatches, RecoverWorkflows};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  // Of seeds it is a letter: 'a' is the first reader.
  kReaders[(data[0] - std::size_t{'a'}) % kReaders.size()](text);
  return 0;
}
