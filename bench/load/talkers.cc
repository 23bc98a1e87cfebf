#include "load/talkers.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "load/wire.h"

namespace load {
namespace {

constexpr int kEventsMax = 128;
constexpr std::int64_t kAwayNs = 50'000'000;  // between a close by the server and the next connection
constexpr std::size_t kSayMax = std::size_t{64} << 10;
constexpr std::size_t kGreetingMax = std::size_t{64} << 10;
// Each message is compressed on its own, so that the same bytes can be sent again and again.
constexpr std::string_view kAskForDeflate =
    "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; "
    "server_no_context_takeover\r\n";

}  // namespace

Talkers::Talkers(TalkPlan plan)
    : plan_(std::move(plan)),
      protocol_(plan_.target, plan_.token),
      greeting_(plan_.reconnects ? std::vector<Step>{} : protocol_.Steps("")),
      epoll_(epoll_create1(0)),
      talkers_(static_cast<std::size_t>(plan_.connections)),
      buffer_(std::size_t{1} << 20, '\0') {
  if (plan_.block.empty()) Die("nothing to say");
  for (std::size_t index = 0; index < talkers_.size(); ++index) Open(index);
}

Talkers::~Talkers() {
  for (Talker& talker : talkers_) {
    if (talker.fd >= 0) close(talker.fd);
  }
  close(epoll_);
}

void Talkers::Open(std::size_t index) {
  Talker& talker = talkers_[index];
  talker = {};
  talker.fd = Connect(plan_.port, static_cast<int>(index));
  talker.phase = Phase::kConnecting;
  epoll_event event{.events = 0, .data = {.u64 = index}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, talker.fd, &event);
  Watch(index);
}

void Talkers::Close(Talker& talker) {
  if (talker.phase == Phase::kTalking) --talking_;
  ++closed_;
  close(talker.fd);
  talker.fd = -1;
  talker.phase = Phase::kClosed;
  talker.due_ns = Now() + kAwayNs;
}

// Its turn comes with the next wake-up, as for one that the server has closed.
void Talkers::Reopen(Talker& talker) {
  --talking_;
  close(talker.fd);
  talker = {};
}

void Talkers::Watch(std::size_t index) {
  Talker& talker = talkers_[index];
  if (talker.fd < 0) return;
  const bool says = talker.phase == Phase::kConnecting || (talker.phase == Phase::kTalking && !talker.waits);
  const std::uint32_t interest = (talker.deaf ? 0U : EPOLLIN) | (says ? EPOLLOUT : 0U);
  if (interest == talker.interest) return;
  talker.interest = interest;
  epoll_event event{.events = interest, .data = {.u64 = index}};
  epoll_ctl(epoll_, EPOLL_CTL_MOD, talker.fd, &event);
}

void Talkers::WakeThoseDue() {
  const std::int64_t now = Now();
  for (std::size_t index = 0; index < talkers_.size(); ++index) {
    Talker& talker = talkers_[index];
    if (talker.phase == Phase::kClosed && talker.due_ns <= now) Open(index);
    if (talker.phase == Phase::kTalking && talker.waits && talker.missing == 0 && talker.due_ns <= now) {
      talker.waits = false;
      talker.sent = 0;
      Watch(index);
    }
  }
}

void Talkers::Turn(std::int64_t wait_ns) {
  WakeThoseDue();
  epoll_event events[kEventsMax];
  const timespec wait{.tv_sec = wait_ns / 1'000'000'000, .tv_nsec = wait_ns % 1'000'000'000};
  const int count = epoll_pwait2(epoll_, events, kEventsMax, &wait, nullptr);
  for (int i = 0; i < count; ++i) Handle(events[i].data.u64, events[i].events);
}

void Talkers::Handle(std::size_t index, std::uint32_t events) {
  Talker& talker = talkers_[index];
  if (talker.phase == Phase::kConnecting) {
    if (!Connected(talker.fd)) {
      Close(talker);
      return;
    }
    Greet(talker);
  }
  const bool reads = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !talker.deaf;
  if ((reads && !Hear(talker)) || ((events & EPOLLOUT) != 0 && !Say(talker))) {
    Close(talker);
    return;
  }
  Watch(index);
}

void Talkers::Greet(Talker& talker) {
  if (!plan_.websocket) {
    StartTalking(talker);
    return;
  }
  SendAll(talker.fd, Handshake(protocol_.path(), plan_.deflate ? kAskForDeflate : ""));
  talker.phase = Phase::kUpgrading;
}

void Talkers::StartTalking(Talker& talker) {
  talker.phase = Phase::kTalking;
  talker.deaf = plan_.deaf;
  talker.heard.clear();
  ++talking_;
}

// False when the server has closed the connection.
bool Talkers::Hear(Talker& talker) {
  const bool forgets = talker.phase == Phase::kTalking && !asks();
  const ssize_t got = recv(talker.fd, buffer_.data(), buffer_.size(), forgets ? MSG_TRUNC : 0);
  if (got < 0 && errno == EAGAIN) return true;
  if (got <= 0) {
    talker.deaf = plan_.sends_on && got == 0 && talker.phase == Phase::kTalking;
    return talker.deaf;
  }
  bytes_read_ += static_cast<std::uint64_t>(got);
  if (forgets) return true;
  const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
  if (talker.phase == Phase::kTalking) return Answered(talker, bytes);
  talker.heard += bytes;
  return HearGreeting(talker) && talker.heard.size() < kGreetingMax;
}

// False when the server refuses it.
bool Talkers::HearGreeting(Talker& talker) {
  bool answered = talker.phase == Phase::kGreeting && talker.heard.contains(greeting_[talker.greeted].answer);
  if (answered) ++talker.greeted;
  if (talker.phase == Phase::kUpgrading && talker.heard.contains("\r\n\r\n")) {
    if (!talker.heard.starts_with("HTTP/1.1 101")) return false;
    const bool granted = talker.heard.contains("permessage-deflate");
    if (plan_.deflate && !granted) Die("the server grants no compression");
    talker.phase = Phase::kGreeting;
    answered = true;
  }
  if (!answered) return true;
  if (talker.greeted == greeting_.size()) {
    StartTalking(talker);
    return true;
  }
  std::string frame;
  AppendFrame(greeting_[talker.greeted].say, frame);
  SendAll(talker.fd, frame);
  return true;
}

// False when the connection is no more.
bool Talkers::Say(Talker& talker) {
  if (talker.phase != Phase::kTalking || talker.waits) return true;
  const std::string_view rest = std::string_view(plan_.block).substr(talker.sent, kSayMax);
  const ssize_t sent = send(talker.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  bytes_sent_ += static_cast<std::uint64_t>(sent);
  talker.sent += static_cast<std::size_t>(sent);
  if (talker.sent < plan_.block.size()) return true;
  talker.sent = 0;
  if (!asks()) {
    ++blocks_;
    return true;
  }
  talker.waits = true;
  talker.missing = std::max<std::size_t>(1, plan_.answers);
  if (plan_.blocks_per_s > 0) {
    const auto period = static_cast<std::int64_t>(1e9 / plan_.blocks_per_s * plan_.connections);
    talker.due_ns = std::max(talker.due_ns + period, Now());
  }
  return true;
}

// False when the server says that it closes.
bool Talkers::Answered(Talker& talker, std::string_view bytes) {
  if (plan_.websocket && talker.frames.Closes(bytes)) return false;
  std::size_t came = 0;
  if (plan_.last_answer.empty()) {
    came = talker.answers.Take(bytes);
  } else {
    talker.heard += bytes;
    came = talker.heard.contains(plan_.last_answer) ? 1 : 0;
    const std::size_t kept = came > 0 ? 0 : std::min(talker.heard.size(), plan_.last_answer.size() - 1);
    talker.heard.erase(0, talker.heard.size() - kept);
  }
  if (came == 0 || talker.missing == 0) return true;
  talker.missing -= std::min(talker.missing, came);
  if (talker.missing > 0) return true;
  ++blocks_;
  if (talker.due_ns <= Now()) talker.waits = false;
  if (plan_.reconnects) Reopen(talker);
  return true;
}

}  // namespace load
