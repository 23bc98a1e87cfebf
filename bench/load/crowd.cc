#include "load/crowd.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "load/messages.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr int kEventsMax = 128;  // few enough that a tick of the publisher is not late
constexpr std::uint64_t kWatched = std::uint64_t{1} << 32;
constexpr std::int64_t kSilenceMax = 20'000'000'000;

std::string CloseReason(std::string_view payload) {
  if (payload.size() < 2) return "without a code";
  const int code = static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  return std::to_string(code) + " " + std::string(payload.substr(2));
}

}  // namespace

Crowd::Crowd(const CrowdPlan& plan)
    : plan_(plan),
      protocol_(plan.target, plan.token),
      epoll_(epoll_create1(0)),
      members_(static_cast<std::size_t>(plan.count)),
      buffer_(std::size_t{1} << 20, '\0') {}

Crowd::~Crowd() {
  CloseAll();
  close(epoll_);
}

void Crowd::CloseAll() {
  for (Member& member : members_) {
    if (member.fd >= 0) close(member.fd);
    member.fd = -1;
  }
}

bool Crowd::parses(std::size_t member) const {
  const auto every = static_cast<std::size_t>(plan_.parse_every);
  return member % every == every / 2;
}

std::uint64_t Crowd::Deliveries(std::uint64_t count) const {
  return one_by_one() ? count : count / plan_.delivery_bytes;
}

bool Crowd::whole() const {
  if (one_by_one()) return true;
  for (const Member& member : members_) {
    if (member.count % plan_.delivery_bytes != 0) return false;
  }
  return true;
}

void Crowd::ResetCounts() {
  count_ = 0;
  for (Member& member : members_) member.count = 0;
}

void Crowd::Send(std::size_t member, std::string_view frame) { SendAll(members_[member].fd, frame); }

void Crowd::Watch(int fd, std::function<void()> on_event) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = kWatched | watched_.size()}};
  watched_.push_back(std::move(on_event));
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

std::string Crowd::ChannelOfMember(std::size_t member) const {
  if (plan_.channels == Channels::kNone) return {};
  if (plan_.channels == Channels::kShared) return plan_.channel;
  return plan_.rooms == 0 ? OwnChannel(member) : ChannelOf(static_cast<std::int64_t>(member), plan_.rooms);
}

void Crowd::Open() {
  while (started_ < members_.size() && started_ < static_cast<std::size_t>(plan_.in_flight))
    Start(started_++);
  std::int64_t progress_ns = Now();
  for (std::size_t before = 0; opened_ < members_.size();) {
    Receive(100'000'000);
    if (opened_ != before) progress_ns = Now();
    before = opened_;
    if (Now() - progress_ns > kSilenceMax) {
      Die("no answer: " + std::to_string(opened_) + " of " + std::to_string(members_.size()) +
          " are connected");
    }
  }
  ResetCounts();
}

void Crowd::Reopen(std::size_t member) {
  members_[member] = {};
  Start(member);
}

void Crowd::Start(std::size_t member) {
  const int fd = Connect(plan_.port, static_cast<int>(member), slow(member));
  members_[member].fd = fd;
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = member}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void Crowd::Receive(std::int64_t wait_ns) {
  epoll_event events[kEventsMax];
  const timespec wait{.tv_sec = wait_ns / 1'000'000'000, .tv_nsec = wait_ns % 1'000'000'000};
  const int count = epoll_pwait2(epoll_, events, kEventsMax, &wait, nullptr);
  for (int i = 0; i < count; ++i) Handle(events[i].data.u64);
}

void Crowd::Handle(std::uint64_t token) {
  if (token >= kWatched) {
    watched_[token - kWatched]();
    return;
  }
  if (members_[token].fd < 0) return;  // closed by what an earlier event brought
  if (members_[token].phase != Phase::kOpen) {
    Advance(token);
  } else if (parses(token) || one_by_one()) {
    Parse(token);
  } else {
    Count(token);
  }
}

void Crowd::Closed(std::size_t index, const std::string& why) {
  if (!on_closed) Die("the server closed connection " + std::to_string(index) + ": " + why);
  Member& member = members_[index];
  close(member.fd);
  member.fd = -1;
  on_closed(index);
}

void Crowd::Advance(std::size_t index) {
  Member& member = members_[index];
  if (member.phase == Phase::kConnecting) {
    if (!Connected(member.fd)) {
      Closed(index, "refused");
      return;
    }
    SendAll(member.fd, protocol_.Opening(ChannelOfMember(index)));
    member.phase = Phase::kUpgrading;
    return;
  }
  const ssize_t got = recv(member.fd, buffer_.data(), buffer_.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    Closed(index, "while it was being opened: " + member.unread);
    return;
  }
  member.unread.append(buffer_.data(), static_cast<std::size_t>(got));
  if (member.phase == Phase::kUpgrading) {
    const std::size_t end = member.unread.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const bool streams = protocol_.streams();
    if (!member.unread.starts_with(streams ? "HTTP/1.1 200" : "HTTP/1.1 101"))
      Die("refused: " + member.unread);
    member.unread.erase(0, end + 4);
    member.phase = Phase::kCommanded;
    const std::vector<Step> steps = protocol_.Steps(ChannelOfMember(index));
    if (steps.empty()) {
      Settle(index);
      return;
    }
    if (!streams) {
      std::string frame;
      AppendFrame(steps[0].say, frame);
      SendAll(member.fd, frame);
    }
  }
  TakeAnswers(index);
}

void Crowd::TakeAnswers(std::size_t index) {
  Member& member = members_[index];
  const std::vector<Step> steps = protocol_.Steps(ChannelOfMember(index));
  std::string_view rest = member.unread;
  for (Frame frame = protocol_.Take(rest); frame.bytes != 0; frame = protocol_.Take(rest)) {
    rest.remove_prefix(frame.bytes);
    if (frame.opcode == kCloseFrame) Die("the server closed a connection: " + CloseReason(frame.payload));
    if (frame.payload.contains("\"error\"")) Die("refused: " + std::string(frame.payload));
    if (!frame.payload.contains(steps[member.step].answer)) continue;
    if (++member.step == steps.size()) {
      if (!rest.empty()) Die("more than the answers: " + std::string(rest));
      Settle(index);
      return;
    }
    std::string next;
    AppendFrame(steps[member.step].say, next);
    SendAll(member.fd, next);
  }
  member.unread.erase(0, member.unread.size() - rest.size());
}

void Crowd::Settle(std::size_t index) {
  Member& member = members_[index];
  member.unread = std::string();
  member.phase = Phase::kOpen;
  ++opened_;
  const bool unwatched = plan_.counting == Counting::kSwept && !parses(index);
  if (unwatched || slow(index)) epoll_ctl(epoll_, EPOLL_CTL_DEL, member.fd, nullptr);
  if (started_ < members_.size()) Start(started_++);
}

void Crowd::Sweep(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    swept_ = swept_ + 1 < members_.size() ? swept_ + 1 : 0;
    if (parses(swept_) || slow(swept_) || members_[swept_].fd < 0) continue;
    if (one_by_one()) {
      Parse(swept_);
    } else {
      Count(swept_);
    }
  }
}

void Crowd::Came(std::size_t index, std::uint64_t count) {
  members_[index].count += count;
  count_ += count;
  if (on_deliveries && count > 0) on_deliveries(index);
}

void Crowd::Count(std::size_t index) {
  Member& member = members_[index];
  const ssize_t got = recv(member.fd, buffer_.data(), buffer_.size(), MSG_TRUNC);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    Closed(index, "while its bytes were counted");
    return;
  }
  Came(index, static_cast<std::uint64_t>(got));
  if (static_cast<std::size_t>(got) == buffer_.size())
    Count(index);  // there may be more, and no further event
}

void Crowd::Parse(std::size_t index) {
  Member& member = members_[index];
  const std::size_t before = member.unread.copy(buffer_.data(), buffer_.size() / 2);
  const std::size_t room = buffer_.size() - before;
  const ssize_t got = recv(member.fd, buffer_.data() + before, room, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    Closed(index, "while it was read");
    return;
  }
  if (!one_by_one()) Came(index, static_cast<std::uint64_t>(got));
  std::string_view rest(buffer_.data(), before + static_cast<std::size_t>(got));
  std::uint64_t publications = 0;
  for (Frame frame = protocol_.Take(rest); frame.bytes != 0; frame = protocol_.Take(rest)) {
    rest.remove_prefix(frame.bytes);
    if (frame.opcode == kCloseFrame) {
      Closed(index, CloseReason(frame.payload));
      return;
    }
    publications += Protocol::Publications(frame.payload);
    if (on_frame && parses(index)) on_frame(index, frame);
  }
  if (rest.size() > buffer_.size() / 2) Die("a frame that is too large");
  member.unread.assign(rest);
  if (one_by_one()) Came(index, publications);
  if (static_cast<std::size_t>(got) == room) Parse(index);
}

bool Crowd::DrainSlow(std::size_t index, std::int64_t patience_ns, std::uint64_t& bytes) {
  const std::int64_t end = Now() + patience_ns;
  while (Now() < end) {
    pollfd readable{.fd = members_[index].fd, .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, 100) != 1) continue;
    const ssize_t got = recv(members_[index].fd, buffer_.data(), buffer_.size(), MSG_TRUNC);
    if (got <= 0) return true;
    bytes += static_cast<std::uint64_t>(got);
  }
  return false;
}

}  // namespace load
