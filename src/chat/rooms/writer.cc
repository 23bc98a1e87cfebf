#include "chat/rooms/writer.h"

#include <algorithm>
#include <utility>

#include "chat/delivery/channels.h"
#include "chat/store/json.h"
#include "net/next_turn.h"
#include "net/sleep.h"

namespace tidemill::chat {
namespace {

constexpr Duration kSettleAgain = Seconds(1);

}  // namespace

Refusal QueueFull() {
  return {.code = Code::kUnavailable,
          .message = "too much is being written to this room: try again in a moment",
          .field = "",
          .retry_after_ms = 500};
}

bool Writer::IsFull(const OpenRoom& room) {
  if (room.waiting() < at_.settings.room_queue_max) return false;
  at_.metrics.queue_full.Add();
  return true;
}

void Writer::Put(RoomId id, WaitingSend send) {
  OpenRoom& room = at_.rooms.Open(id);
  if (IsFull(room)) return send.sender.Send(std::unexpected(QueueFull()));
  room.sends.push_back(std::move(send));
  Begin(room);
}

bool Writer::Put(RoomId id, RoomJob job) {
  OpenRoom& room = at_.rooms.Open(id);
  if (IsFull(room)) return false;
  room.jobs.push_back(std::move(job));
  Begin(room);
  return true;
}

void Writer::Begin(OpenRoom& room) {
  at_.metrics.waiting.Add(1);
  if (std::exchange(room.works, true)) return;
  scope_.Spawn(Work(*this, room));
}

Task<void> Writer::Work(Writer& self, OpenRoom& room) {
  // What comes in the same turn belongs to the first transaction.
  co_await net::NextTurn(self.at_.loop);
  int attempt = 0;
  while (room.waiting() > 0 || (room.doubtful_since && attempt < kSettleAttempts)) {
    attempt = room.doubtful_since ? attempt + 1 : 0;
    co_await self.Settle(room, attempt);
    if (!room.sends.empty()) co_await self.AppendBatch(room);
    if (room.jobs.empty()) continue;
    co_await self.Settle(room, 1);
    co_await self.RunJob(room);
  }
  room.works = false;
}

Task<void> Writer::Settle(OpenRoom& room, int attempt) {
  if (!room.doubtful_since) co_return;
  if (attempt > 1 && room.waiting() == 0) co_await net::Sleep(at_.loop, kSettleAgain);
  co_await at_.reconciler.Reconcile(room);
}

Task<void> Writer::RunJob(OpenRoom& room) {
  const RoomJob job = std::move(room.jobs.front());
  room.jobs.pop_front();
  at_.metrics.waiting.Sub(1);
  room.write_began = at_.loop.clock().WallNow();
  co_await job(room);
}

void Writer::Doubt(OpenRoom& room) {
  if (!room.doubtful_since) room.doubtful_since = room.write_began;
  at_.metrics.doubts.Add();
}

std::vector<WaitingSend> Writer::TakeBatch(OpenRoom& room) {
  const std::size_t count = std::min<std::size_t>(room.sends.size(), at_.settings.batch_max);
  std::vector<WaitingSend> batch;
  batch.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    batch.push_back(std::move(room.sends.front()));
    room.sends.pop_front();
  }
  at_.metrics.waiting.Sub(static_cast<std::int64_t>(count));
  return batch;
}

Task<void> Writer::AppendBatch(OpenRoom& room) {
  std::vector<WaitingSend> batch = TakeBatch(room);
  std::vector<Send> sends;
  sends.reserve(batch.size());
  for (WaitingSend& each : batch) sends.push_back(std::move(each.send));
  room.write_began = at_.loop.clock().WallNow();
  Outcome<Appended> done = co_await at_.store.messages().Append(room.id, std::move(sends));
  if (!done) {
    if (done.error().may_have_happened) Doubt(room);
    for (const WaitingSend& each : batch) each.sender.Send(std::unexpected(done.error()));
    co_return;
  }
  at_.metrics.batches.Add();
  at_.metrics.batch_size.Observe(static_cast<double>(batch.size()));
  room.room = done->room;
  Publish(room, done->changes);
  co_await at_.audience.LoadMembers(room);
  at_.audience.OnAppended(room, *done);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (const Outcome<Sent>& sent = done->sends[i]) {
      (sent->is_new ? at_.metrics.messages : at_.metrics.repeated).Add();
    }
    batch[i].sender.Send(std::move(done->sends[i]));
  }
}

void Writer::Publish(OpenRoom& room, const std::vector<Change>& changes) {
  for (const Change& change : changes) at_.courier.Publish(RoomChannel(change.room_id), ToJson(change));
  // What a doubtful write has left stands before them.
  if (!changes.empty() && !room.doubtful_since) room.published = changes.back().version;
}

Task<Outcome<>> Writer::Load(OpenRoom& room) {
  if (!room.room || at_.has_other_nodes) TM_CO_TRY(co_await Refresh(room));
  co_await at_.audience.LoadMembers(room);
  co_return Outcome<>();
}

Task<Outcome<>> Writer::Refresh(OpenRoom& room) {
  auto found = co_await at_.store.rooms().Find(room.id, "");
  if (!found) co_return std::unexpected(found.error());
  if (!*found) co_return Refuse(Code::kNotFound, "there is no such room");
  room.room = std::move((*found)->room);
  if (!room.doubtful_since) room.published = room.room->version;
  co_return Outcome<>();
}

}  // namespace tidemill::chat
