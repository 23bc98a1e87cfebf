// One subscription followed across connections: what to send, what to print, whether to reconnect.
//
// Speaks the JSON form of the client protocol. Frames in, outcomes out: no I/O, no time here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace tidemill::cli {

enum class Next : std::uint8_t { kGoOn, kReconnect, kEnd };

struct TailOutcome {
  std::vector<std::string> lines;  // for standard output
  std::vector<std::string> notes;  // for standard error
  std::string reply;               // to send; "" when nothing
  Next next = Next::kGoOn;
};

class TailSession {
 public:
  struct Options {
    std::string channel;
    std::string token;
    std::string subscription_token;
    bool json = false;  // print publications as the server sent them
  };

  explicit TailSession(Options options) : options_(std::move(options)) {}

  // The commands of a new connection: connect, and subscribe from the position reached.
  std::string Begin();
  // One text frame: replies and pushes, a line each.
  TailOutcome OnFrame(std::string_view frame);
  // The server closed with this code. The protocol forbids to reconnect after 3500…3999 and 4500…4999.
  static TailOutcome OnClose(std::uint16_t code, std::string_view reason);

  // How long silence is normal: the server's ping interval and some more.
  Duration silence_max() const { return silence_max_; }
  // Since the last Begin.
  bool subscribed() const { return subscribed_; }

 private:
  void OnLine(std::string_view line, TailOutcome& outcome);
  void OnPush(JsonReader& json, TailOutcome& outcome);
  void OnConnect(JsonReader& json);
  void OnSubscribe(JsonReader& json, TailOutcome& outcome);
  void OnPublication(std::string_view publication, TailOutcome& outcome);
  void OnError(std::uint64_t id, JsonReader& json, TailOutcome& outcome) const;

  const Options options_;
  std::string epoch_;
  std::uint64_t offset_ = 0;
  bool has_position_ = false;
  bool subscribed_ = false;
  bool answers_pings_ = false;
  Duration silence_max_ = Seconds(35);
};

}  // namespace tidemill::cli
