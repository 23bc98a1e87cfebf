// Many WebSocket connections on one epoll: opens them, then reads what they are sent as cheaply as it can.
//
// Of most connections only the bytes are counted (recv with MSG_TRUNC copies nothing); one of every
// `parse_every` is read and cut into frames. Edge-triggered, one recv for each event; Counting::kSwept leaves
// even the events out for those that are counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "load/options.h"

namespace load {

enum class Counting {
  kAtOnce,  // as the bytes arrive
  kSwept,   // when Sweep comes by: nobody is woken for them
};

struct CrowdPlan {
  int port = 0;
  Target target = Target::kTidemill;
  Channels channels = Channels::kShared;
  int count = 0;
  int in_flight = 256;
  int parse_every = 64;
  Counting counting = Counting::kAtOnce;
};

class Crowd {
 public:
  explicit Crowd(const CrowdPlan& plan);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Bytes that came to a connection whose bytes are counted or parsed.
  std::function<void(std::size_t member, std::size_t bytes)> on_bytes;
  // A text frame of a connection that is parsed.
  std::function<void(std::size_t member, std::string_view payload)> on_frame;

  // Opens all and returns when each has the answers to its commands. Dies on a refusal or after 20 s of
  // silence.
  void Open();
  // Waits for events at most so long, and handles those that are there (a limited number of them).
  void Receive(std::int64_t wait_ns);
  // Reads the next so many of the members that are swept, in turn.
  void Sweep(std::size_t count);
  void Send(std::size_t member, std::string_view frame);
  void CloseAll();

  // Calls back on events of a connection that is no member; edge-triggered, in and out.
  void Watch(int fd, std::function<void()> on_event);

  std::size_t size() const { return members_.size(); }
  bool parses(std::size_t member) const;
  // Since Open or ResetBytes.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t bytes_of(std::size_t member) const { return members_[member].bytes; }
  void ResetBytes();

 private:
  enum class Phase : std::uint8_t { kConnecting, kUpgrading, kCommanded, kOpen };

  struct Member {
    int fd = -1;
    Phase phase = Phase::kConnecting;
    std::uint64_t bytes = 0;
    std::string unread;
  };

  void Start(std::size_t member);
  void Advance(std::size_t member);
  void TakeReplies(std::size_t member);
  void Settle(std::size_t member);
  void Count(std::size_t member);
  void Parse(std::size_t member);
  void Handle(std::uint64_t token);
  std::string Commands(std::size_t member) const;

  const CrowdPlan plan_;
  const int epoll_;
  const std::string handshake_;
  std::vector<Member> members_;
  std::vector<std::function<void()>> watched_;
  std::size_t started_ = 0;
  std::size_t opened_ = 0;
  std::size_t swept_ = 0;  // the member that Sweep looks at next
  std::uint64_t bytes_ = 0;
  std::string buffer_;
};

// The channel of a member, all of one length.
std::string OwnChannel(std::size_t member);

}  // namespace load
