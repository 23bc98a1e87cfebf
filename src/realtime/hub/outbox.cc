#include "realtime/hub/outbox.h"

#include <algorithm>
#include <deque>

#include "base/assert.h"
#include "realtime/hub/form_group.h"

namespace tidemill::hub {
namespace {

constexpr std::size_t kRangesMax = 64;  // of one send

std::size_t RangeBytes(std::span<const iovec> ranges) {
  std::size_t bytes = 0;
  for (const iovec& range : ranges) bytes += range.iov_len;
  return bytes;
}

// How much of its group's flush is for it: the end of it, or nothing.
std::uint64_t FlushBytes(const Subscription& subscription) {
  const FrameLog& log = subscription.group->log;
  const std::uint64_t from = std::max(subscription.from, log.begin());
  return from < log.flush_end() ? log.flush_end() - from : 0;
}

}  // namespace

struct Outbox::Lag {
  struct Entry {
    Subscription* subscription;
    LogCursor cursor;  // on a frame's first byte
  };
  std::deque<Entry> entries;  // oldest first

  std::size_t Bytes() const {
    std::uint64_t bytes = 0;
    for (const Entry& entry : entries) bytes += entry.subscription->group->log.end() - entry.cursor.position;
    return static_cast<std::size_t>(bytes);
  }
};

Outbox::Outbox(OutboxOwner& owner, net::Stream& stream, std::size_t queued_bytes_max)
    : owner_(owner), stream_(stream), queued_bytes_max_(static_cast<std::uint32_t>(queued_bytes_max)) {}

Outbox::~Outbox() = default;

void Outbox::Pause() { paused_ = true; }

void Outbox::Resume() {
  paused_ = false;
  if (lag_ && !stream_.blocked()) SendLag();
}

void Outbox::OnWritable() {
  if (lag_ && !paused_) SendLag();
}

void Outbox::Close() {
  closed_ = true;
  while (pending_) pending_ = std::exchange(pending_->next_pending, nullptr);
  const std::unique_ptr<Lag> dropped = std::move(lag_);
  if (!dropped) return;
  for (Lag::Entry& entry : dropped->entries) {
    entry.subscription->behind = false;
    entry.cursor = LogCursor();
    entry.subscription->group->log.Trim();
  }
}

std::size_t Outbox::queued_bytes() const { return stream_.queued_bytes() + (lag_ ? lag_->Bytes() : 0); }

std::size_t Outbox::waiting_bytes() const {
  const std::size_t on_stream = stream_.queued_bytes();
  return queued_bytes() - std::min(on_stream, owner_.answer_bytes());
}

void Outbox::AddPending(Subscription& subscription) {
  subscription.next_pending = pending_;
  pending_ = &subscription;
}

void Outbox::SendPending() {
  while (pending_) {
    // As many subscriptions as fit into one send, each with all its ranges.
    Subscription* chain[kRangesMax];
    iovec ranges[kRangesMax];
    std::size_t count = 0;
    std::size_t used = 0;
    std::size_t wanted = 0;
    while (pending_ && used < kRangesMax) {
      const std::uint64_t bytes = FlushBytes(*pending_);
      if (bytes > 0) {
        const FrameLog& log = pending_->group->log;
        const LogCursor cursor = log.CursorAt(log.flush_end() - bytes);
        const std::size_t got = Ranges(cursor, log.flush_end(), ranges + used, kRangesMax - used);
        const bool fits = RangeBytes(std::span(ranges + used, got)) == bytes;
        if (!fits && count > 0) break;
        used += got;
        wanted += bytes;
        chain[count++] = pending_;
      }
      pending_ = std::exchange(pending_->next_pending, nullptr);
    }
    if (closed_ || count == 0) continue;
    const std::size_t sent = CanSendNow() && !paused_ ? stream_.Send(std::span(ranges, used)) : 0;
    if (sent < wanted) KeepUnsent(std::span(chain, count), sent);
  }
}

void Outbox::SendOnly(Subscription& subscription, std::span<const iovec> all) {
  const std::uint64_t bytes = FlushBytes(subscription);
  if (closed_ || bytes == 0) return;
  const FrameLog& log = subscription.group->log;
  std::size_t sent = 0;
  if (CanSendNow() && !paused_) {
    if (subscription.from <= log.begin()) {
      sent = stream_.Send(all);
    } else {
      // It joined in the middle of the turn: what was published before is not for it.
      iovec ranges[kRangesMax];
      const std::size_t count = Ranges(log.CursorAt(subscription.from), log.flush_end(), ranges, kRangesMax);
      sent = stream_.Send(std::span(ranges, count));
    }
  }
  if (sent == bytes) return;
  Subscription* const one = &subscription;
  KeepUnsent(std::span(&one, 1), sent);
}

void Outbox::KeepUnsent(std::span<Subscription* const> subscriptions, std::size_t sent) {
  for (Subscription* const kept : subscriptions) {
    const std::uint64_t bytes = FlushBytes(*kept);
    const std::size_t here = std::min<std::size_t>(sent, bytes);
    sent -= here;
    if (here < bytes) FallBehind(*kept, kept->group->log.flush_end() - (bytes - here));
  }
  CheckLimit();
}

void Outbox::FallBehind(Subscription& subscription, std::uint64_t position) {
  if (subscription.behind) return MoveOn(subscription);  // its cursor stands before the flush: that follows
  FrameLog& log = subscription.group->log;
  LogCursor cursor = log.CursorAt(position);
  const std::uint64_t from = std::max(subscription.from, log.begin());
  if (position > from) {
    // The kernel may have taken a part of a frame: the rest of it goes before any other byte.
    const LogCursor begin = log.CursorAt(from);
    const std::string_view rest = RestOfFrame(subscription.group->form.framing, begin, cursor);
    if (!rest.empty()) {
      stream_.Queue(rest);
      Advance(cursor, rest.size());
      if (cursor.position == log.flush_end()) return;
    }
  }
  if (!lag_) lag_ = std::make_unique<Lag>();
  subscription.behind = true;
  lag_->entries.push_back({&subscription, std::move(cursor)});
  MoveOn(subscription);
}

// During a flush: the newest publication is part of it, or came after it.
void Outbox::MoveOn(Subscription& subscription) {
  const FormGroup& group = *subscription.group;
  if (!group.form.conflated) return;
  const std::uint64_t newest = group.last->position;
  const auto entry = std::ranges::find(lag_->entries, &subscription, &Lag::Entry::subscription);
  if (newest == LastPublication::kNowhere || newest < group.log.begin()) return;
  if (entry->cursor.position >= newest) return;
  entry->cursor = group.log.CursorAt(newest);
  ++group.last->moved_on;
}

void Outbox::SendLag() {
  while (lag_ && !stream_.blocked() && !stream_.closed()) {
    Lag::Entry& entry = lag_->entries.front();
    FrameLog& log = entry.subscription->group->log;
    LogCursor before = entry.cursor;
    iovec ranges[kRangesMax];
    const std::size_t count = Ranges(before, log.end(), ranges, kRangesMax);
    const std::size_t sent = stream_.Send(std::span(ranges, count));
    if (sent == 0) return;  // it is blocked, or takes no more because it closes
    Advance(entry.cursor, sent);
    const std::string_view rest = RestOfFrame(entry.subscription->group->form.framing, before, entry.cursor);
    if (!rest.empty()) {
      stream_.Queue(rest);
      Advance(entry.cursor, rest.size());
    }
    if (entry.cursor.position < log.end()) continue;
    // Frames of the flush at hand, or of the next one, are among what was sent: it must not send them again.
    entry.subscription->from = log.end();
    entry.subscription->behind = false;
    lag_->entries.pop_front();
    before = LogCursor();  // what it holds need not stay
    log.Trim();
    if (lag_->entries.empty()) lag_.reset();
  }
}

void Outbox::Drop(Subscription& subscription) {
  for (Subscription** at = &pending_; *at; at = &(*at)->next_pending) {
    if (*at != &subscription) continue;
    *at = std::exchange(subscription.next_pending, nullptr);
    break;
  }
  if (!subscription.behind) return;
  subscription.behind = false;
  std::erase_if(lag_->entries, [&](const Lag::Entry& entry) { return entry.subscription == &subscription; });
  subscription.group->log.Trim();
  if (lag_->entries.empty()) lag_.reset();
}

void Outbox::CheckLimit() {
  if (reported_slow_ || closed_) return;
  if (queued_bytes() <= queued_bytes_max_ || waiting_bytes() <= queued_bytes_max_) return;
  reported_slow_ = true;
  owner_.OnSlow(queued_bytes());
}

}  // namespace tidemill::hub
