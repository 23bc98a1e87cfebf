#include "http/body.h"

#include <charconv>
#include <utility>

#include "http/metrics.h"
#include "net/stream.h"

namespace tidemill::http {

BodyWriter::BodyWriter(net::Stream& stream, Options options) : stream_(stream), options_(options) {}

BodyWriter::~BodyWriter() { stream_.loop().Disarm(*this); }

BodyWriter::Room BodyWriter::Write(std::string_view bytes) {
  // A chunk of no bytes would end the body.
  body_bytes_ += bytes.size();
  if (!bytes.empty()) {
    if (options_.framing == Framing::kChunked) {
      char digits[20];
      char* const end = std::to_chars(digits, digits + 16, bytes.size(), 16).ptr;
      end[0] = '\r';
      end[1] = '\n';
      Queue({digits, end + 2});
      Queue(bytes);
      Queue("\r\n");
    } else {
      Queue(bytes);
    }
  }
  return Room(*this);
}

void BodyWriter::End() {
  if (options_.framing == Framing::kChunked) Queue("0\r\n\r\n");
}

void BodyWriter::Queue(std::string_view bytes) {
  stream_.Queue(bytes);
  written_bytes_ += bytes.size();
  if (options_.metrics) options_.metrics->bytes_sent.Add(bytes.size());
}

// A source that never waits for anything else, and a client that reads as fast, must still leave the turn; so
// must a source whose client is gone, which nothing else would stop.
bool BodyWriter::MustWait() const {
  return written_bytes_ >= kQueuedBytesMax || stream_.queued_bytes() > options_.queued_bytes_max;
}

void BodyWriter::Wait(std::coroutine_handle<> awaiter) {
  awaiter_ = awaiter;
  stream_.Send({});
  if (stream_.blocked()) {
    stream_.loop().timers().Schedule(*this, stream_.loop().Now() + options_.stall_timeout);
  } else {
    stream_.loop().ArmNextTurn(*this);
  }
}

void BodyWriter::OnWritable() {
  stream_.loop().timers().Cancel(*this);
  Resume();
}

void BodyWriter::OnReady(std::uint32_t) { Resume(); }

void BodyWriter::Resume() {
  if (stream_.closed() || !awaiter_) return;
  written_bytes_ = 0;
  std::exchange(awaiter_, nullptr).resume();
}

// The connection hears of the end from its stream.
void BodyWriter::OnTimer() { stream_.CloseAfterFlush(Milliseconds(0)); }

}  // namespace tidemill::http
