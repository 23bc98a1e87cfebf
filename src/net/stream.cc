#include "net/stream.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "net/connection_limiter.h"
#include "net/stream_pool.h"

namespace tidemill::net {
namespace {

constexpr Duration kHandshakeTimeout = Seconds(10);

// Of a peer that is trusted.
constexpr int kReadsPerTurn = 4;

// What is dropped in a turn of bytes that nobody wants.
constexpr std::size_t kDroppedPerTurn = 64 * 1024;

static_assert(sizeof(Stream) <= 112, "a stream exists once for each idle connection");

}  // namespace

class Stream::Deadline final : public Timer {
 public:
  explicit Deadline(Stream& stream) : stream_(stream) {}
  void OnTimer() override { stream_.Finish(); }

  std::size_t droppable_bytes = 0;  // after CloseAfterFlush: what may still be dropped

 private:
  Stream& stream_;
};

std::unique_ptr<Stream> Stream::Adopt(Loop& loop, int fd, IpAddress peer, std::unique_ptr<TlsSession> tls,
                                      ConnectionLimiter* limiter) {
  std::unique_ptr<Stream> stream(new Stream(loop, fd, peer, std::move(tls), limiter));
  if (!loop.Watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *stream)) stream->EndLater();
  return stream;
}

Stream::Stream(Loop& loop, int fd, IpAddress peer, std::unique_ptr<TlsSession> tls,
               ConnectionLimiter* limiter)
    : loop_(loop), limiter_(limiter), tls_(std::move(tls)), peer_(peer), fd_(fd) {
  if (!tls_) return;
  unread_ = true;  // the session may have read ahead of its handshake
  if (tls_->handshake_done()) return;
  handshaking_ = true;
  SetDeadline(kHandshakeTimeout);
}

Stream::~Stream() {
  TM_ASSERT(!calling_);  // inside its own callback it is retired instead
  Close();
  if (flush_armed_) loop_.stream_pool().Forget(*this);
  if (limiter_ != nullptr) limiter_->Release(peer_);
}

Admission Stream::AssumePeer(const IpAddress& client) {
  if (client == peer_) return Admission::kAdmitted;
  const IpAddress before = std::exchange(peer_, client);
  return limiter_ == nullptr ? Admission::kAdmitted : limiter_->Move(before, client);
}

std::string_view Stream::alpn() const { return tls_ ? tls_->alpn() : std::string_view(); }

std::string Stream::ServerEndPoint() const { return tls_ ? tls_->ServerEndPoint() : std::string(); }

std::size_t Stream::queued_bytes() const { return pending_ ? pending_->rest().size() : 0; }

std::uint32_t Stream::TransitMark() const {
  int unacknowledged = 0;
  if (fd_ < 0 || ioctl(fd_, SIOCOUTQ, &unacknowledged) != 0) return 0;
  if (unacknowledged == 0 && queued_bytes() == 0) return 0;
  tcp_info info{};
  socklen_t bytes = sizeof info;
  // A Unix socket does not say how much was taken in all; what is added looks like a change too.
  const bool is_tcp = getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0;
  const std::uint64_t mark =
      is_tcp ? info.tcpi_bytes_acked : queued_bytes() + static_cast<std::size_t>(unacknowledged);
  return std::max(static_cast<std::uint32_t>(mark), 1u);
}

void Stream::OnReady(std::uint32_t epoll_events) {
  if (state_ == State::kEnded) return Finish();
  // TLS may wait for either direction, whatever it is doing.
  const std::uint32_t readable = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | (tls_ ? EPOLLOUT : 0u);
  if ((epoll_events & readable) != 0) unread_ = true;
  if ((epoll_events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_end_seen_ = true;
  if ((epoll_events & EPOLLERR) != 0 && reading_paused_) return Finish();
  if (handshaking_ && !ContinueHandshake()) return;
  if (blocked_ && ((epoll_events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 || tls_)) OnUnblocked();
  // One that has to wait for its turn is not read sooner because more has come.
  if (fd_ >= 0 && HasMore() && !reading_paused_ && !armed()) ReadSome();
}

bool Stream::ContinueHandshake() {
  switch (tls_->Handshake()) {
    case TlsSession::Status::kOk: break;
    case TlsSession::Status::kWantRead:
    case TlsSession::Status::kWantWrite: return false;
    case TlsSession::Status::kEnded:
    case TlsSession::Status::kFailed: Finish(); return false;
  }
  handshaking_ = false;
  if (state_ == State::kOpen) deadline_.reset();
  unread_ = true;
  if (pending_ || state_ == State::kDraining) ArmFlush();
  return true;
}

// Reading.

void Stream::ReadNow() {
  if (fd_ < 0 || state_ == State::kEnded) return;
  unread_ = true;
  OnReady(0);
}

void Stream::ReadSome() {
  if (state_ == State::kDraining || state_ == State::kLingering) return DropSome();
  if (held_) return DeliverHeld();
  std::span<char> buffer = loop_.read_buffer();
  if (!peer_trusted_) buffer = buffer.first(std::min(buffer.size(), TurnLimits::kShareBytes));
  for (int reads = peer_trusted_ ? kReadsPerTurn : 1; reads > 0; --reads) {
    const Received received = tls_ ? ReceiveTls(buffer) : ReceivePlain(buffer);
    unread_ = received.source == Source::kMore;
    if (received.bytes > 0) GiveData({buffer.data(), received.bytes});
    if (fd_ < 0 || state_ != State::kOpen) break;
    if (held_) {
      // The end is read again when all before it has been taken.
      unread_ = unread_ || received.source == Source::kEnd;
      break;
    }
    if (received.source == Source::kEnd) return OnPeerEnd();
    if (!unread_ || reading_paused_) return;
  }
  if (fd_ >= 0 && state_ != State::kEnded && HasMore() && !reading_paused_) loop_.ArmBehind(*this);
}

void Stream::DeliverHeld() {
  std::string bytes = std::move(*std::exchange(held_, nullptr));  // the handler may write into them
  GiveData(bytes);
  if (fd_ >= 0 && state_ != State::kEnded && HasMore() && !reading_paused_) loop_.ArmBehind(*this);
}

void Stream::GiveData(std::string_view bytes) {
  calling_ = true;
  handler_->OnData(bytes);
  calling_ = false;
}

void Stream::GiveBack(std::string_view rest) {
  if (fd_ < 0 || state_ != State::kOpen) return;
  if (!held_) held_ = std::make_unique<std::string>();
  held_->append(rest);
  if (!reading_paused_) loop_.ArmBehind(*this);
}

// Not decrypted, and where the kernel can do that, not even copied.
void Stream::DropSome() {
  const std::span<char> buffer = loop_.read_buffer();
  for (std::size_t dropped = 0; dropped < kDroppedPerTurn;) {
    const std::size_t wanted = std::min({buffer.size(), kDroppedPerTurn, deadline_->droppable_bytes});
    if (wanted == 0) {
      unread_ = false;
      if (peer_end_seen_) OnPeerEnd();
      return;
    }
    const ssize_t got = recv(fd_, buffer.data(), wanted, MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    unread_ = got > 0;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return OnPeerEnd();
    dropped += static_cast<std::size_t>(got);
    deadline_->droppable_bytes -= std::min(static_cast<std::size_t>(got), deadline_->droppable_bytes);
  }
  loop_.ArmBehind(*this);
}

Stream::Received Stream::ReceivePlain(std::span<char> buffer) {
  ssize_t got = 0;
  do {
    got = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return {0, errno == EAGAIN ? Source::kDrained : Source::kEnd};
  if (got == 0) return {0, Source::kEnd};
  const auto bytes = static_cast<std::size_t>(got);
  // A short read has emptied the socket: what comes later is a new edge. The peer's end behind it is not.
  const bool drained = bytes < buffer.size() && !peer_end_seen_;
  return {bytes, drained ? Source::kDrained : Source::kMore};
}

Stream::Received Stream::ReceiveTls(std::span<char> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const TlsSession::Outcome outcome = tls_->Read(buffer.subspan(filled));
    switch (outcome.status) {
      case TlsSession::Status::kOk: filled += outcome.bytes; break;
      case TlsSession::Status::kWantRead:
      case TlsSession::Status::kWantWrite: return {filled, Source::kDrained};
      case TlsSession::Status::kEnded:
      case TlsSession::Status::kFailed: return {filled, Source::kEnd};
    }
  }
  return {filled, Source::kMore};
}

void Stream::OnPeerEnd() {
  peer_ended_ = true;
  if (!blocked_) Write({});
  // The peer may have closed only its half and still wait for the rest of the answer.
  if (fd_ >= 0 && state_ == State::kDraining && pending_) return;
  Finish();
}

void Stream::PauseReading() { reading_paused_ = true; }

void Stream::ResumeReading() {
  if (!std::exchange(reading_paused_, false)) return;
  if (HasMore() && fd_ >= 0) loop_.ArmBehind(*this);
}

// Writing.

void Stream::Queue(std::string_view bytes) {
  if (bytes.empty() || fd_ < 0 || state_ != State::kOpen) return;
  AppendPending(bytes);
  if (!blocked_) ArmFlush();
}

std::size_t Stream::Send(std::span<const iovec> ranges) {
  if (handshaking_) blocked_ = true;
  if (fd_ < 0 || state_ != State::kOpen || blocked_) return 0;
  return Write(ranges);
}

void Stream::FlushQueued() {
  flush_armed_ = false;
  if (fd_ < 0 || state_ == State::kEnded || blocked_ || handshaking_) return;
  Write({});
  if (state_ == State::kDraining && !pending_) StartLinger();
}

void Stream::OnUnblocked() {
  blocked_ = false;
  Write({});
  if (fd_ < 0 || blocked_ || state_ == State::kEnded) return;
  if (state_ == State::kDraining) {
    StartLinger();
  } else if (state_ == State::kOpen) {
    calling_ = true;
    handler_->OnWritable();
    calling_ = false;
  }
}

std::size_t Stream::Write(std::span<const iovec> ranges) {
  return tls_ ? WriteTls(ranges) : WritePlain(ranges);
}

void Stream::AppendPending(std::string_view bytes) {
  if (!pending_) pending_ = loop_.stream_pool().Take();
  pending_->Append(bytes);
}

void Stream::ConsumePending(std::size_t bytes) {
  if (!pending_) return;
  pending_->sent += bytes;
  if (pending_->rest().empty()) ReleasePending();
}

void Stream::ReleasePending() {
  if (pending_) loop_.stream_pool().GiveBack(std::move(pending_));
}

void Stream::ArmFlush() {
  if (std::exchange(flush_armed_, true)) return;
  loop_.stream_pool().FlushAtTurnEnd(*this);
}

std::size_t Stream::WritePlain(std::span<const iovec> ranges) {
  constexpr std::size_t kRangesPerCall = 64;
  std::size_t taken = 0;
  std::size_t next = 0;
  for (;;) {
    iovec batch[kRangesPerCall];
    std::size_t count = 0;
    std::size_t wanted = 0;
    const auto add = [&](iovec range) {
      if (range.iov_len == 0) return;
      batch[count++] = range;
      wanted += range.iov_len;
    };
    const std::size_t pending_bytes = queued_bytes();
    if (pending_bytes > 0) add({const_cast<char*>(pending_->rest().data()), pending_bytes});
    while (count < kRangesPerCall && next < ranges.size()) add(ranges[next++]);
    if (count == 0) return taken;

    const msghdr message{.msg_name = nullptr,
                         .msg_namelen = 0,
                         .msg_iov = batch,
                         .msg_iovlen = count,
                         .msg_control = nullptr,
                         .msg_controllen = 0,
                         .msg_flags = 0};
    constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
    ssize_t result = 0;
    do {
      result = count == 1 ? send(fd_, batch[0].iov_base, batch[0].iov_len, kFlags)
                          : sendmsg(fd_, &message, kFlags);
    } while (result < 0 && errno == EINTR);
    if (result < 0 && errno != EAGAIN) {
      EndLater();
      return taken;
    }
    const std::size_t sent = result < 0 ? 0 : static_cast<std::size_t>(result);
    const std::size_t sent_pending = std::min(sent, pending_bytes);
    ConsumePending(sent_pending);
    taken += sent - sent_pending;
    if (sent < wanted) {
      blocked_ = true;
      return taken;
    }
  }
}

// One record per round: what is pending first, then as much of the ranges as fits beside it.
std::size_t Stream::WriteTls(std::span<const iovec> ranges) {
  std::size_t taken = 0;
  std::size_t next = 0;
  std::size_t offset = 0;  // within ranges[next]
  for (;;) {
    const std::size_t pending_bytes = std::min(queued_bytes(), StreamPool::kRecordBytesMax);
    std::size_t gathered = pending_bytes;
    std::string_view record;
    while (next < ranges.size() && ranges[next].iov_len == 0) ++next;
    if (next == ranges.size()) {
      if (pending_bytes > 0) record = pending_->rest().substr(0, pending_bytes);
    } else {
      const std::span<char> room = loop_.stream_pool().record_buffer();
      if (pending_bytes > 0) std::copy_n(pending_->rest().data(), pending_bytes, room.data());
      while (next < ranges.size() && gathered < room.size()) {
        const std::size_t take = std::min(ranges[next].iov_len - offset, room.size() - gathered);
        std::copy_n(static_cast<const char*>(ranges[next].iov_base) + offset, take, room.data() + gathered);
        gathered += take;
        offset += take;
        if (offset == ranges[next].iov_len) {
          ++next;
          offset = 0;
        }
      }
      record = {room.data(), gathered};
    }
    if (record.empty()) return taken;

    const TlsSession::Outcome outcome = tls_->Write(record);
    switch (outcome.status) {
      case TlsSession::Status::kOk: {
        const std::size_t sent_pending = std::min(outcome.bytes, pending_bytes);
        ConsumePending(sent_pending);
        taken += outcome.bytes - sent_pending;
        break;
      }
      case TlsSession::Status::kWantRead:
      case TlsSession::Status::kWantWrite:
        // OpenSSL holds the record and must be given the same bytes again: from now on they are the first of
        // what is pending, and nothing else is written before them.
        blocked_ = true;
        AppendPending(record.substr(pending_bytes));
        return taken + gathered - pending_bytes;
      case TlsSession::Status::kEnded:
      case TlsSession::Status::kFailed: EndLater(); return taken;
    }
  }
}

// Closing.

void Stream::Close() {
  if (fd_ < 0) return;
  loop_.Unwatch(fd_, *this);
  if (tls_ && !handshaking_ && state_ == State::kOpen && !blocked_) tls_->SendCloseNotify();
  close(std::exchange(fd_, -1));
  deadline_.reset();
  held_.reset();
  ReleasePending();
}

void Stream::CloseAfterFlush(Duration linger, std::size_t dropped_bytes_max) {
  if (fd_ < 0 || state_ != State::kOpen) return;
  state_ = State::kDraining;
  SetDeadline(linger);
  deadline_->droppable_bytes = dropped_bytes_max;
  reading_paused_ = false;
  held_.reset();
  if (unread_) loop_.ArmBehind(*this);
  if (!blocked_) ArmFlush();
}

void Stream::StartLinger() {
  if (peer_ended_) return EndLater();
  state_ = State::kLingering;
  if (tls_) tls_->SendCloseNotify();
  shutdown(fd_, SHUT_WR);
}

void Stream::SetDeadline(Duration from_now) {
  if (!deadline_) deadline_ = std::make_unique<Deadline>(*this);
  loop_.timers().Schedule(*deadline_, loop_.clock().Now() + from_now);
}

void Stream::EndLater() {
  if (state_ == State::kEnded || fd_ < 0) return;
  state_ = State::kEnded;
  ReleasePending();
  loop_.ArmNextTurn(*this);
}

void Stream::Finish() {
  if (fd_ < 0) return;
  state_ = State::kEnded;
  Close();
  if (handler_ != nullptr) handler_->OnClosed();
}

}  // namespace tidemill::net
