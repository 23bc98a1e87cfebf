#include "http/body_reader.h"

#include <algorithm>
#include <utility>

namespace tidemill::http {

BodyReader::BodyReader(net::Loop& loop, Owner& owner, const Options& options)
    : loop_(loop),
      owner_(owner),
      options_(options),
      chunks_(options.bytes_max),
      left_(options.body_bytes.value_or(0)),
      time_left_(options.timeout),
      ended_(options.body_bytes == 0u) {}

BodyReader::Piece BodyReader::Read() {
  begun_ = true;
  return Piece(*this);
}

std::size_t BodyReader::Take(std::string_view bytes) {
  if (ended_ || refused_) return 0;
  const std::size_t kept_bytes = data_.size();
  std::size_t used = 0;
  if (options_.body_bytes) {
    used = std::min(left_, bytes.size());
    data_ += bytes.substr(0, used);
    left_ -= used;
    ended_ = left_ == 0;
  } else {
    used = TakeChunks(bytes);
  }
  progress_bytes_ += data_.size() - kept_bytes;
  if (progress_bytes_ >= kProgressBytes) {
    progress_bytes_ %= kProgressBytes;
    time_left_ = options_.timeout;
    waiting_since_ = loop_.Now();
    if (awaiter_) loop_.timers().Schedule(*this, waiting_since_ + time_left_);
  }
  return used;
}

std::size_t BodyReader::TakeChunks(std::string_view bytes) {
  const std::size_t held_bytes = held_.size();
  if (held_bytes > 0) held_ += bytes;
  const std::string_view input = held_bytes > 0 ? std::string_view(held_) : bytes;
  const auto used = chunks_.Read(input, data_);
  if (!used) {
    refused_ = used.error();
    return bytes.size();
  }
  ended_ = chunks_.ended();
  if (ended_) return *used - held_bytes;  // what was held was no whole line
  held_ = std::string(input.substr(*used));
  return bytes.size();
}

void BodyReader::Wake() {
  if (!awaiter_ || (data_.empty() && !ended_ && !refused_)) return;
  time_left_.ms -= (loop_.Now() - waiting_since_).ms;
  loop_.timers().Cancel(*this);
  const std::coroutine_handle<> awaiter = std::exchange(awaiter_, nullptr);
  if (data_.empty() && refused_) return owner_.OnBodyRefused(*refused_);
  awaiter.resume();
}

void BodyReader::Wait(std::coroutine_handle<> awaiter) {
  if (refused_) return owner_.OnBodyRefused(*refused_);
  awaiter_ = awaiter;
  waiting_since_ = loop_.Now();
  loop_.timers().Schedule(*this, waiting_since_ + time_left_);
  owner_.OnBodyWanted();
}

std::string BodyReader::TakeData() {
  std::string data = std::exchange(data_, {});
  if (!ended_ && !refused_) owner_.OnBodyWanted();
  return data;
}

void BodyReader::OnTimer() {
  awaiter_ = nullptr;
  owner_.OnBodyRefused({408, "the request did not arrive in time"});
}

}  // namespace tidemill::http
