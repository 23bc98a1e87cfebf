// Frames as a client sends them, right or wrong, and what a FrameReader makes of them as a line of text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "websocket/deflate.h"
#include "websocket/frame.h"

namespace tidemill::websocket {

struct ClientFrame {
  unsigned opcode = 1;
  std::string payload = {};
  bool final = true;
  unsigned reserved_bits = 0;  // RSV1 is 4
  bool masked = true;
  std::uint32_t mask = 0x4d3c2b1a;
  int length_bytes = -1;            // 0, 2 or 8: that form of the length; -1: the shortest
  std::int64_t claimed_bytes = -1;  // a length that is not the payload's
};

std::string Encode(const ClientFrame& frame);

// A client's compressed message: raw deflate with a sync flush, its tail removed.
std::string DeflateAsClient(std::string_view message);
// What a client makes of our compressed messages: one inflater goes on from message to message.
std::string InflateAsClient(std::initializer_list<std::string_view> messages, int window_bits);

// "text(Hello) ping() close(1000, bye) error(1002)", from reads of `piece_bytes` each.
std::string Transcript(std::string bytes, const FrameLimits& limits, MessageInflater* inflater,
                       std::size_t piece_bytes, Peer peer = Peer::kClient);
std::string Describe(const FrameReader::Event& event);

}  // namespace tidemill::websocket
