// Connections that send one block of bytes again and again: without waiting for anything (a flood), or when
// the answers to the last one have come (asking). What they are sent is read and forgotten.
//
// Level-triggered, one read and one write for each event, so that all of them get their turn. A connection
// that the server closes comes back after a moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/frame_walk.h"
#include "load/http_answers.h"
#include "load/options.h"
#include "load/protocol.h"

namespace load {

struct TalkPlan {
  int port = 0;
  Target target = Target::kTidemill;
  int connections = 1;
  bool websocket = false;  // a handshake comes first, and the connect command where there is one
  std::string token;       // of that command
  std::string block;
  std::size_t answers = 0;  // asking: HTTP answers to a block; 0: it is a flood
  std::string last_answer;  // asking over WebSocket: what stands in the last answer to a block only
  double blocks_per_s = 0;  // asking, of all connections: the next waits for its time; 0: for nothing
  bool deaf = false;        // reads nothing
  bool sends_on = false;    // after the server has closed its side, until sending fails
  bool deflate = false;     // the handshake asks for permessage-deflate, and the server must grant it
  bool reconnects = false;  // asking over WebSocket: after the answer a new connection, without greeting
};

class Talkers {
 public:
  explicit Talkers(TalkPlan plan);
  ~Talkers();
  Talkers(const Talkers&) = delete;
  Talkers& operator=(const Talkers&) = delete;

  // Waits for events at most so long, and handles them.
  void Turn(std::int64_t wait_ns);

  // Connections that are through their greeting.
  int talking() const { return talking_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t blocks() const { return blocks_; }  // sent as a whole; asking: answered
  std::uint64_t closed() const { return closed_; }  // by the server

 private:
  enum class Phase : std::uint8_t { kClosed, kConnecting, kUpgrading, kGreeting, kTalking };

  struct Talker {
    int fd = -1;
    Phase phase = Phase::kClosed;
    bool waits = false;  // for answers, or for its time
    bool deaf = false;
    std::uint32_t interest = 0;
    std::size_t greeted = 0;  // steps that are answered
    std::size_t sent = 0;     // of the block
    std::size_t missing = 0;  // answers to it
    std::int64_t due_ns = 0;  // closed: when it comes back; waiting: when it may go on
    std::string heard;        // while it is greeted; asking over WebSocket: the end of what came
    HttpAnswers answers;
    FrameWalk frames;
  };

  bool asks() const { return plan_.answers > 0 || !plan_.last_answer.empty(); }
  void Open(std::size_t index);
  void Close(Talker& talker);
  void Reopen(Talker& talker);
  void Watch(std::size_t index);
  void WakeThoseDue();
  void Handle(std::size_t index, std::uint32_t events);
  void Greet(Talker& talker);
  void StartTalking(Talker& talker);
  bool Hear(Talker& talker);
  bool HearGreeting(Talker& talker);
  bool Say(Talker& talker);
  bool Answered(Talker& talker, std::string_view bytes);

  const TalkPlan plan_;
  const Protocol protocol_;
  const std::vector<Step> greeting_;
  const int epoll_;
  std::vector<Talker> talkers_;
  std::string buffer_;
  int talking_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t blocks_ = 0;
  std::uint64_t closed_ = 0;
};

}  // namespace load
