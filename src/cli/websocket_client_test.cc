#include "cli/websocket_client.h"

#include <gtest/gtest.h>

namespace tidemill::cli {
namespace {

using Event = ServerFrames::Event;

std::string Frame(int first, std::string_view payload) {
  std::string frame(1, static_cast<char>(first));
  frame += static_cast<char>(payload.size());
  return frame.append(payload);
}

// What comes out of `bytes`, however they are cut: "text:a ping: close:1000 error".
std::string Events(const std::string& bytes, std::size_t piece) {
  ServerFrames frames;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    frames.Feed(std::string_view(bytes).substr(at, piece));
    while (true) {
      const Result<std::optional<Event>> event = frames.Next();
      if (!event) return out + "error";
      if (!*event) break;
      switch ((*event)->kind) {
        case Event::Kind::kText: out += "text:" + (*event)->payload + " "; break;
        case Event::Kind::kPing: out += "ping:" + (*event)->payload + " "; break;
        case Event::Kind::kClose:
          out += "close:" + std::to_string((*event)->code) + (*event)->payload + " ";
          break;
      }
    }
  }
  return out;
}

TEST(ServerFrames, GiveMessagesWhereverTheBytesAreCut) {
  struct Case {
    const char* name;
    std::string bytes;
    std::string events;
  };
  const Case cases[] = {
      {"text", Frame(0x81, "hello"), "text:hello "},
      {"two at once", Frame(0x81, "a") + Frame(0x81, "b"), "text:a text:b "},
      {"empty text", Frame(0x81, ""), "text: "},
      {"fragments with a ping between",
       Frame(0x01, "a") + Frame(0x89, "p") + Frame(0x00, "b") + Frame(0x80, "c"), "ping:p text:abc "},
      {"pong is passed over", Frame(0x8a, "x") + Frame(0x81, "a"), "text:a "},
      {"close", Frame(0x88, std::string("\x03\xe8", 2) + "bye"), "close:1000bye "},
      {"close without a code", Frame(0x88, ""), "close:1005 "},
      {"length of 16 bits", std::string("\x81\x7e\x00\x80", 4) + std::string(128, 'x'),
       "text:" + std::string(128, 'x') + " "},
      {"length of 64 bits", std::string("\x81\x7f\0\0\0\0\0\0\0\x01x", 11), "text:x "},
      {"length beyond the limit", std::string("\x81\x7f\x7f\0\0\0\0\0\0\x01", 10), "error"},
      {"masked", std::string("\x81\x81\0\0\0\0x", 7), "error"},
      {"binary", Frame(0x82, "a"), "error"},
      {"compressed", Frame(0xc1, "a"), "error"},
      {"continuation of nothing", Frame(0x80, "a"), "error"},
      {"text inside of a message", Frame(0x01, "a") + Frame(0x81, "b"), "error"},
      {"cut ping", Frame(0x09, "a"), "error"},
      {"long ping", std::string("\x89\x7e\x00\x80", 4) + std::string(128, 'x'), "error"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Events(c.bytes, c.bytes.size()), c.events);
    EXPECT_EQ(Events(c.bytes, 1), c.events);
  }
}

TEST(ServerFrames, BoundMessagesOfManyFragments) {
  ServerFrames frames;
  const std::string fragment = std::string("\x00\x7f\0\0\0\0\0\x10\0\0", 10) + std::string(1 << 20, 'x');
  std::string first = fragment;
  first[0] = 0x01;
  frames.Feed(first);
  for (int i = 0; i < 15; ++i) {
    ASSERT_TRUE(frames.Next());
    frames.Feed(fragment);
  }
  ASSERT_TRUE(frames.Next());
  frames.Feed(fragment);
  EXPECT_EQ(frames.Next().error().code, Errc::kLimitExceeded);
}

TEST(MaskedFrame, CanBeUnmasked) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U}) {
    SCOPED_TRACE(size);
    const std::string payload(size, 'p');
    const std::string frame = MaskedFrame(1, payload);
    const std::size_t header = size < 126 ? 2 : size < 65536 ? 4 : 10;
    ASSERT_EQ(frame.size(), header + 4 + size);
    EXPECT_EQ(static_cast<unsigned char>(frame[0]), 0x81);
    EXPECT_NE(frame[1] & 0x80, 0);
    for (std::size_t i = 0; i < size; ++i) {
      ASSERT_EQ(static_cast<char>(frame[header + 4 + i] ^ frame[header + i % 4]), 'p');
    }
  }
}

}  // namespace
}  // namespace tidemill::cli
