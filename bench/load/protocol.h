// What each kind of target is told and what it says: the one place that knows their protocols apart.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/options.h"
#include "load/wire.h"

namespace load {

// A frame's payload to say while a connection is opened, and what stands in the answer to it.
struct Step {
  std::string say;
  std::string_view answer;
};

// The command that opens a session of the Centrifuge protocol; no token: as nobody.
std::string ConnectCommand(const std::string& token);

class Protocol {
 public:
  explicit Protocol(Target target, std::string token = {}) : target_(target), token_(std::move(token)) {}

  // Of the endpoint.
  std::string_view path() const;
  // Messages are the body of one response, and not WebSocket's.
  bool streams() const { return target_ == Target::kSse || target_ == Target::kHttpStream; }
  // What opens a connection. With the first step's commands where these are the request's body.
  std::string Opening(const std::string& channel) const;
  // The server's frame at the front of `bytes`, as TakeFrame.
  Frame Take(std::string_view bytes) const;
  // Bytes of a server's frame around a payload of so many.
  std::size_t FrameBytesOf(std::size_t payload_bytes) const;
  // From the upgrade to the subscription; no channel: without one.
  std::vector<Step> Steps(const std::string& channel) const;
  // Bytes of the frame that brings a publication made over HTTP.
  std::size_t DeliveryBytes(std::size_t channel_bytes, std::size_t data_bytes) const;
  // A frame may hold several publications.
  bool joins() const { return target_ == Target::kCentrifuge; }
  // Publications in a frame.
  static std::size_t Publications(std::string_view payload);
  // The whole frame that answers a ping; empty: it is none.
  std::string Pong(const Frame& frame) const;
  // The HTTP request that publishes; `receivers` is for the floor, which knows no channels.
  std::string PublishRequest(std::string_view channel, std::string_view data, std::string_view api_key,
                             std::size_t receivers) const;
  // Whether a 200 with this body says that it is published.
  bool Published(std::string_view body) const;

 private:
  bool centrifuge() const { return target_ != Target::kPlain && target_ != Target::kSocketIo; }

  const Target target_;
  const std::string token_;
};

}  // namespace load
