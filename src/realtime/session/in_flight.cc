#include "realtime/session/in_flight.h"

#include <utility>

#include "net/loop.h"

namespace tidemill::session {

InFlight::InFlight(net::Stream& stream, InFlight*& place) : stream_(stream), place_(place) { place_ = this; }

InFlight::~InFlight() {
  stream_.loop().Disarm(*this);
  place_ = nullptr;
}

bool InFlight::Push(std::string_view frame) {
  if (!backlog_) backlog_ = std::make_unique<Backlog>();
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
  if (!stream_.blocked()) stream_.loop().ArmBehind(*this);
}

void InFlight::OnWritable() { Wake(); }

void InFlight::Wake() {
  if (awaiter_) stream_.loop().ArmBehind(*this);
}

void InFlight::OnReady(std::uint32_t) {
  answer_bytes_ = 0;
  std::exchange(awaiter_, nullptr).resume();
}

}  // namespace tidemill::session
