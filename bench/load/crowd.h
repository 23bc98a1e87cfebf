// Many connections on one epoll, of WebSocket or of streams over HTTP: opens them, then reads what they are
// sent as cheaply as it can.
//
// Of most connections only the bytes are counted (recv with MSG_TRUNC copies nothing); one of every
// `parse_every` is read and cut into frames, and so are all where bytes do not tell the number of
// publications. Edge-triggered, one recv for each event; Counting::kSwept leaves even the events out for
// those that are counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "load/options.h"
#include "load/protocol.h"

namespace load {

enum class Counting {
  kAtOnce,  // as the bytes arrive
  kSwept,   // when Sweep runs: no event is waited for
};

struct CrowdPlan {
  int port = 0;
  Target target = Target::kTidemill;
  Channels channels = Channels::kShared;
  std::string channel = "bench";  // kShared
  std::string token = {};         // who they are; Centrifuge protocol
  int rooms = 0;                  // kOwn: so many channels, shared out among the members; 0: one each
  int count = 0;
  int in_flight = 256;
  int parse_every = 64;
  int slow = 0;                    // the first so many stop reading once they are open
  std::size_t delivery_bytes = 0;  // of the frame that brings a publication; 0: they are counted one by one
  Counting counting = Counting::kAtOnce;
};

class Crowd {
 public:
  explicit Crowd(const CrowdPlan& plan);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Publications that came to a connection at once.
  std::function<void(std::size_t member)> on_deliveries;
  // A frame of a connection that is parsed.
  std::function<void(std::size_t member, const Frame& frame)> on_frame;
  // The server closed a connection, or did not accept it; without this the program ends.
  std::function<void(std::size_t member)> on_closed;

  // Opens all and returns when each has the answers to its commands. Dies on a refusal or after 20 s of
  // silence.
  void Open();
  // Opens a connection that is closed; it is open when `opened` has grown.
  void Reopen(std::size_t member);
  std::size_t opened() const { return opened_; }
  // Waits for events at most so long, and handles those that are there (a limited number of them).
  void Receive(std::int64_t wait_ns);
  // Reads the next so many of the members that are swept, in turn.
  void Sweep(std::size_t count);
  void Send(std::size_t member, std::string_view frame);
  void CloseAll();

  // Calls back on events of a connection that is no member; edge-triggered, in and out.
  void Watch(int fd, std::function<void()> on_event);

  std::size_t size() const { return members_.size(); }
  // Those that read.
  std::size_t readers() const { return members_.size() - static_cast<std::size_t>(plan_.slow); }
  bool parses(std::size_t member) const;
  // Publications since Open or ResetCounts.
  std::uint64_t deliveries() const { return Deliveries(count_); }
  std::uint64_t deliveries_of(std::size_t member) const { return Deliveries(members_[member].count); }
  // Whether what came are whole publications of the expected size.
  bool whole() const;
  void ResetCounts();

  // Reads what a slow member was sent, for at most so long. True if the server closed it.
  bool DrainSlow(std::size_t member, std::int64_t patience_ns, std::uint64_t& bytes);

 private:
  enum class Phase : std::uint8_t { kConnecting, kUpgrading, kCommanded, kOpen };

  struct Member {
    int fd = -1;
    Phase phase = Phase::kConnecting;
    std::uint8_t step = 0;    // of the protocol, the one whose answer is awaited
    std::uint64_t count = 0;  // bytes, or publications if they are counted one by one
    std::string unread;
  };

  bool one_by_one() const { return plan_.delivery_bytes == 0; }
  bool slow(std::size_t member) const { return member < static_cast<std::size_t>(plan_.slow); }
  std::uint64_t Deliveries(std::uint64_t count) const;
  std::string ChannelOfMember(std::size_t member) const;
  void Start(std::size_t member);
  void Advance(std::size_t member);
  void TakeAnswers(std::size_t member);
  void Settle(std::size_t member);
  void Count(std::size_t member);
  void Parse(std::size_t member);
  void Came(std::size_t member, std::uint64_t count);
  void Closed(std::size_t member, const std::string& why);
  void Handle(std::uint64_t token);

  const CrowdPlan plan_;
  const Protocol protocol_;
  const int epoll_;
  std::vector<Member> members_;
  std::vector<std::function<void()>> watched_;
  std::size_t started_ = 0;
  std::size_t opened_ = 0;
  std::size_t swept_ = 0;  // the member that Sweep looks at next
  std::uint64_t count_ = 0;
  std::string buffer_;
};

}  // namespace load
