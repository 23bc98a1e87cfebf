#include "realtime/session/in_flight.h"

#include <utility>

#include "net/loop.h"

namespace tidemill::session {

InFlight::InFlight(net::Stream& stream, metrics::Gauge& unread, InFlight*& place, http::BufferBudget* buffers)
    : stream_(stream), unread_(unread), place_(place), buffers_(buffers) {
  place_ = this;
}

InFlight::~InFlight() {
  stream_.loop().Disarm(*this);
  CountUnread(0);
  place_ = nullptr;
}

bool InFlight::Push(std::string_view frame) {
  if (!backlog_) backlog_ = std::make_unique<Backlog>(buffers_);
  return backlog_->Push(frame);
}

void InFlight::CountAnswer(std::size_t bytes) { answer_bytes_ += bytes; }

bool InFlight::MustWait() const {
  return answer_bytes_ > kAnswerBytesMax || stream_.queued_bytes() > kAnswerBytesMax;
}

void InFlight::Wait(std::coroutine_handle<> awaiter) {
  awaiter_ = awaiter;
  stream_.Send({});
  // A peer that takes everything at once must still leave the turn to others.
  if (!stream_.blocked()) return stream_.loop().ArmBehind(*this);
  CountUnread(stream_.queued_bytes());
}

void InFlight::CountUnread(std::size_t bytes) {
  if (bytes == unread_bytes_) return;
  unread_.Add(static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(unread_bytes_));
  unread_bytes_ = bytes;
}

void InFlight::OnWritable() { Wake(); }

void InFlight::Wake() {
  if (awaiter_) stream_.loop().ArmBehind(*this);
}

void InFlight::OnReady(std::uint32_t) {
  answer_bytes_ = 0;
  CountUnread(0);
  std::exchange(awaiter_, nullptr).resume();
}

}  // namespace tidemill::session
