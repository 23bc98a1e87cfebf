#include "websocket/frame.h"

#include <gtest/gtest.h>

#include <memory>

#include "metrics/text.h"
#include "websocket/testing/client_frames.h"

namespace tidemill::websocket {
namespace {

constexpr FrameLimits kLimits{.message_bytes_max = 300, .fragments_max = 5};

struct Case {
  const char* name;
  std::vector<ClientFrame> frames;
  std::string transcript;
};

// Every case is read whole, byte by byte, and in threes: the pieces must not matter.
void ReadAll(std::span<const Case> cases, MessageInflater* inflater) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::string bytes;
    for (const ClientFrame& frame : c.frames) bytes += Encode(frame);
    for (const std::size_t piece_bytes : {bytes.size() + 1, std::size_t{1}, std::size_t{3}}) {
      SCOPED_TRACE(piece_bytes);
      EXPECT_EQ(Transcript(bytes, kLimits, inflater, piece_bytes), c.transcript);
    }
  }
}

std::string Xs(std::size_t count) { return std::string(count, 'x'); }

TEST(FrameReader, ReadsMessagesAndControlFrames) {
  const Case cases[] = {
      {"text", {{.payload = "Hello"}}, "text(Hello)"},
      {"binary", {{.opcode = 2, .payload = "\x01\xff"}}, "binary(\x01\xff)"},
      {"empty text", {{}}, "text()"},
      {"empty binary", {{.opcode = 2}}, "binary()"},
      {"mask of zero", {{.payload = "Hello", .mask = 0}}, "text(Hello)"},
      {"mask of ones", {{.payload = "Hello", .mask = 0xffffffff}}, "text(Hello)"},
      {"125 bytes", {{.payload = Xs(125)}}, "text(" + Xs(125) + ")"},
      {"126 bytes", {{.payload = Xs(126)}}, "text(" + Xs(126) + ")"},
      {"at the limit", {{.payload = Xs(300)}}, "text(" + Xs(300) + ")"},
      {"two messages", {{.payload = "a"}, {.opcode = 2, .payload = "b"}}, "text(a) binary(b)"},
      {"ping", {{.opcode = 9, .payload = "p"}}, "ping(p)"},
      {"empty ping", {{.opcode = 9}}, "ping()"},
      {"ping of 125", {{.opcode = 9, .payload = Xs(125)}}, "ping(" + Xs(125) + ")"},
      {"pong nobody asked for", {{.opcode = 10, .payload = "q"}}, "pong(q)"},
      {"two fragments", {{.payload = "ab", .final = false}, {.opcode = 0, .payload = "cd"}}, "text(abcd)"},
      {"empty fragments",
       {{.opcode = 2, .final = false}, {.opcode = 0, .final = false}, {.opcode = 0}},
       "binary()"},
      {"ping between fragments",
       {{.payload = "ab", .final = false}, {.opcode = 9, .payload = "p"}, {.opcode = 0, .payload = "c"}},
       "ping(p) text(abc)"},
      {"two fragmented messages",
       {{.payload = "a", .final = false},
        {.opcode = 0, .payload = "b"},
        {.opcode = 2, .payload = "c", .final = false},
        {.opcode = 0, .payload = "d"}},
       "text(ab) binary(cd)"},
      {"fragments at the limit",
       {{.payload = "a", .final = false},
        {.opcode = 0, .payload = "b", .final = false},
        {.opcode = 0, .payload = "c", .final = false},
        {.opcode = 0, .payload = "d", .final = false},
        {.opcode = 0, .payload = "e"}},
       "text(abcde)"},
  };
  ReadAll(cases, nullptr);
}

TEST(FrameReader, RefusesWhatTheProtocolForbids) {
  const ClientFrame open{.payload = "a", .final = false};
  const Case cases[] = {
      {"not masked", {{.payload = "a", .masked = false}}, "error(1002)"},
      {"not masked and empty", {{.masked = false}}, "error(1002)"},
      {"RSV1 without deflate", {{.reserved_bits = 4}}, "error(1002)"},
      {"RSV2", {{.reserved_bits = 2}}, "error(1002)"},
      {"RSV3", {{.reserved_bits = 1}}, "error(1002)"},
      {"RSV on ping", {{.opcode = 9, .reserved_bits = 6}}, "error(1002)"},
      {"RSV on close", {{.opcode = 8, .reserved_bits = 7}}, "error(1002)"},
      {"opcode 3", {{.opcode = 3}}, "error(1002)"},
      {"opcode 4", {{.opcode = 4}}, "error(1002)"},
      {"opcode 5", {{.opcode = 5}}, "error(1002)"},
      {"opcode 6", {{.opcode = 6}}, "error(1002)"},
      {"opcode 7", {{.opcode = 7}}, "error(1002)"},
      {"opcode 11", {{.opcode = 11}}, "error(1002)"},
      {"opcode 12", {{.opcode = 12}}, "error(1002)"},
      {"opcode 13", {{.opcode = 13}}, "error(1002)"},
      {"opcode 14", {{.opcode = 14}}, "error(1002)"},
      {"opcode 15", {{.opcode = 15}}, "error(1002)"},
      {"fragmented ping", {{.opcode = 9, .final = false}}, "error(1002)"},
      {"fragmented pong", {{.opcode = 10, .final = false}}, "error(1002)"},
      {"fragmented close", {{.opcode = 8, .final = false}}, "error(1002)"},
      {"ping of 126", {{.opcode = 9, .payload = Xs(126)}}, "error(1002)"},
      {"close of 126", {{.opcode = 8, .payload = "\x03\xe8" + Xs(124)}}, "error(1002)"},
      {"continuation of nothing", {{.opcode = 0, .payload = "a"}}, "error(1002)"},
      {"unfinished continuation of nothing", {{.opcode = 0, .final = false}}, "error(1002)"},
      {"continuation after the end",
       {{.payload = "a"}, {.opcode = 0, .payload = "b"}},
       "text(a) error(1002)"},
      {"text inside a message", {open, {.payload = "b"}}, "error(1002)"},
      {"binary inside a message", {open, {.opcode = 2, .payload = "b"}}, "error(1002)"},
      {"5 in two bytes", {{.payload = "Hello", .length_bytes = 2}}, "error(1002)"},
      {"125 in two bytes", {{.payload = Xs(125), .length_bytes = 2}}, "error(1002)"},
      {"5 in eight bytes", {{.payload = "Hello", .length_bytes = 8}}, "error(1002)"},
      {"126 in eight bytes", {{.payload = Xs(126), .length_bytes = 8}}, "error(1002)"},
      {"65535 in eight bytes", {{.length_bytes = 8, .claimed_bytes = 65535}}, "error(1002)"},
      {"nothing after an error", {{.opcode = 3}, {.payload = "a"}}, "error(1002)"},
  };
  ReadAll(cases, nullptr);
  std::string top_bit = Encode({.length_bytes = 8, .claimed_bytes = 65536});
  top_bit[2] = '\x80';
  EXPECT_EQ(Transcript(top_bit, kLimits, nullptr, 100), "error(1002)");
}

TEST(FrameReader, JudgesLimitsOnTheHeader) {
  const Case cases[] = {
      {"301 bytes announced", {{.claimed_bytes = 301}}, "error(1009)"},
      {"2^40 bytes announced", {{.claimed_bytes = std::int64_t{1} << 40}}, "error(1009)"},
      {"2^62 bytes announced", {{.claimed_bytes = std::int64_t{1} << 62}}, "error(1009)"},
      {"second fragment over it",
       {{.payload = Xs(200), .final = false}, {.opcode = 0, .claimed_bytes = 101}},
       "error(1009)"},
      {"sixth fragment",
       {{.final = false},
        {.opcode = 0, .final = false},
        {.opcode = 0, .final = false},
        {.opcode = 0, .final = false},
        {.opcode = 0, .final = false},
        {.opcode = 0}},
       "error(1008)"},
  };
  ReadAll(cases, nullptr);
}

TEST(FrameReader, WantsUtf8InTextOnly) {
  const Case cases[] = {
      {"two-byte character", {{.payload = "\xc3\xa9"}}, "text(\xc3\xa9)"},
      {"character cut by fragments",
       {{.payload = "\xf0\x9f", .final = false}, {.opcode = 0, .payload = "\x8c\x8a"}},
       "text(\xf0\x9f\x8c\x8a)"},
      {"lone continuation", {{.payload = "a\x80"}}, "error(1007)"},
      {"overlong slash", {{.payload = "\xc0\xaf"}}, "error(1007)"},
      {"surrogate", {{.payload = "\xed\xa0\x80"}}, "error(1007)"},
      {"over U+10FFFF", {{.payload = "\xf4\x90\x80\x80"}}, "error(1007)"},
      {"0xff", {{.payload = "\xff"}}, "error(1007)"},
      {"cut at the end", {{.payload = "\xe2\x82"}}, "error(1007)"},
      {"cut at the end of fragments",
       {{.payload = "a", .final = false}, {.opcode = 0, .payload = "\xe2\x82"}},
       "error(1007)"},
      {"wrong in the first of two fragments", {{.payload = "\xff", .final = false}}, "error(1007)"},
      {"binary may be anything", {{.opcode = 2, .payload = "\xff\xfe"}}, "binary(\xff\xfe)"},
      {"fragmented binary may be anything",
       {{.opcode = 2, .payload = "\xff", .final = false}, {.opcode = 0, .payload = "\xc0"}},
       "binary(\xff\xc0)"},
      {"state does not leak into the next message",
       {{.opcode = 2, .payload = "\xe2", .final = false}, {.opcode = 0}, {.payload = "ok"}},
       "binary(\xe2) text(ok)"},
  };
  ReadAll(cases, nullptr);
}

TEST(FrameReader, FailsAtTheFirstWrongByteOfAFrameStillArriving) {
  FrameReader reader(kLimits);
  std::string bytes = Encode({.payload = "\xce\xba\xf4\x90\x80\x80 and more"});
  bytes.resize(6 + 4);  // up to the byte that no character may have there
  std::span<char> piece(bytes);
  const auto event = reader.Next(piece, nullptr);
  ASSERT_TRUE(event);
  EXPECT_EQ(Describe(*event), "error(1007)");
}

TEST(FrameReader, ReadsCloseCodes) {
  struct CloseCase {
    const char* name;
    std::string payload;
    const char* transcript;
  };
  const CloseCase closes[] = {
      {"empty", "", "close(1005)"},
      {"one byte", "\x03", "error(1002)"},
      {"reason",
       "\x03\xe8"
       "bye",
       "close(1000, bye)"},
      {"longest reason cut short by us", "\x03\xe8" + Xs(3), "close(1000, xxx)"},
      {"reason not UTF-8", "\x03\xe8\xff", "error(1007)"},
      {"reason cut in a character", "\x03\xe8\xe2\x82", "error(1007)"},
  };
  for (const CloseCase& c : closes) {
    SCOPED_TRACE(c.name);
    const std::string bytes = Encode({.opcode = 8, .payload = c.payload}) + Encode({.payload = "late"});
    EXPECT_EQ(Transcript(bytes, kLimits, nullptr, bytes.size()), c.transcript);
    EXPECT_EQ(Transcript(bytes, kLimits, nullptr, 1), c.transcript);
  }
  const int allowed[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                         1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
  const int refused[] = {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535};
  const auto read = [](int code) {
    const std::string payload{static_cast<char>(code >> 8), static_cast<char>(code)};
    return Transcript(Encode({.opcode = 8, .payload = payload}), kLimits, nullptr, 100);
  };
  for (const int code : allowed) EXPECT_EQ(read(code), "close(" + std::to_string(code) + ")");
  for (const int code : refused) EXPECT_EQ(read(code), "error(1002)") << code;
}

TEST(FrameReader, InflatesMessages) {
  const auto inflater = MessageInflater::Make({});
  const std::string small = DeflateAsClient("Hello");
  const std::string bad = DeflateAsClient("\xff\xfe");
  const Case cases[] = {
      {"compressed text", {{.payload = small, .reserved_bits = 4}}, "text(Hello)"},
      {"uncompressed is fine too", {{.payload = "Hello"}}, "text(Hello)"},
      {"compressed, fragmented",
       {{.payload = small.substr(0, 3), .final = false, .reserved_bits = 4},
        {.opcode = 9},
        {.opcode = 0, .payload = small.substr(3)}},
       "ping() text(Hello)"},
      {"nothing, compressed", {{.opcode = 2, .reserved_bits = 4}}, "binary()"},
      {"RSV1 on a continuation",
       {{.final = false, .reserved_bits = 4}, {.opcode = 0, .reserved_bits = 4}},
       "error(1002)"},
      {"RSV1 on ping", {{.opcode = 9, .reserved_bits = 4}}, "error(1002)"},
      {"RSV2", {{.payload = small, .reserved_bits = 6}}, "error(1002)"},
      {"not UTF-8 inside", {{.payload = bad, .reserved_bits = 4}}, "error(1007)"},
      {"not deflate", {{.payload = "\xff\xff\xff", .reserved_bits = 4}}, "error(1007)"},
      {"cut in a block", {{.payload = small.substr(0, 3), .reserved_bits = 4}}, "error(1007)"},
      {"at the limit", {{.payload = DeflateAsClient(Xs(300)), .reserved_bits = 4}}, "text(" + Xs(300) + ")"},
      {"over the limit inflated", {{.payload = DeflateAsClient(Xs(301)), .reserved_bits = 4}}, "error(1009)"},
      {"wire bytes over the limit", {{.reserved_bits = 4, .claimed_bytes = 2000}}, "error(1009)"},
  };
  ReadAll(cases, inflater.get());
}

TEST(FrameReader, HoldsNothingBetweenMessages) {
  FrameReader reader(kLimits);
  std::string bytes = Encode({.payload = Xs(200)});
  std::span<char> half(bytes.data(), 100);
  std::span<char> rest(bytes.data() + 100, bytes.size() - 100);
  EXPECT_FALSE(reader.Next(half, nullptr));
  EXPECT_GE(reader.held_bytes(), 94u);
  EXPECT_TRUE(reader.Next(rest, nullptr));
  EXPECT_FALSE(reader.Next(rest, nullptr));
  EXPECT_EQ(reader.held_bytes(), 0u);
}

TEST(FrameReader, HandsOutAWholeMessageWithoutCopy) {
  FrameReader reader(kLimits);
  std::string bytes = Encode({.payload = "Hello"});
  std::span<char> rest(bytes);
  const auto event = reader.Next(rest, nullptr);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->payload.data(), bytes.data() + 6);
  EXPECT_EQ(reader.held_bytes(), 0u);
}

TEST(AppendFrameHeader, UsesTheShortestLength) {
  struct HeaderCase {
    std::size_t payload_bytes;
    FrameHeader header;
    std::string bytes;
  };
  using namespace std::string_literals;
  const HeaderCase cases[] = {
      {0, {}, "\x81\x00"s},
      {125, {}, "\x81\x7d"s},
      {126, {}, "\x81\x7e\x00\x7e"s},
      {65535, {.opcode = Opcode::kBinary}, "\x82\x7e\xff\xff"s},
      {65536, {.compressed = true}, "\xc1\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s},
  };
  for (const HeaderCase& c : cases) {
    SCOPED_TRACE(c.payload_bytes);
    std::string out;
    AppendFrameHeader(c.header, c.payload_bytes, out);
    EXPECT_EQ(out, c.bytes);
    EXPECT_EQ(FrameBytes(out), c.bytes.size() + c.payload_bytes);
  }
}

TEST(ClosePayload, CutsTheReasonBetweenCharacters) {
  EXPECT_EQ(ClosePayload(CloseCode::kNoStatus, "why"), "");
  EXPECT_EQ(ClosePayload(CloseCode::kNormal, "why"), "\x03\xe8why");
  EXPECT_EQ(ClosePayload(CloseCode::kNormal, Xs(200)), "\x03\xe8" + Xs(123));
  EXPECT_EQ(ClosePayload(CloseCode::kNormal, Xs(122) + "\xc3\xa9"), "\x03\xe8" + Xs(122));
}

// ---- memory of messages that have not arrived whole

class FrameBudget : public ::testing::Test {
 protected:
  static constexpr std::size_t kMessageBytes = 60'000;

  // Half of it is for strangers: two of them.
  metrics::Registry registry_;
  http::BufferBudget budget_{256 * 1024, registry_};
  const FrameLimits limits_{.message_bytes_max = 65'536, .buffers = &budget_};
  std::string frame_ = Encode({.payload = Xs(kMessageBytes)});

  std::unique_ptr<FrameReader> Make() { return std::make_unique<FrameReader>(limits_); }
  // Of the frame; gives what came of it.
  std::string Send(FrameReader& reader, std::size_t begin, std::size_t end) {
    std::string piece = frame_.substr(begin, end - begin);
    std::span<char> bytes = piece;
    const auto event = reader.Next(bytes, nullptr);
    return event ? Describe(*event) : "";
  }
  std::string SendAllButLast(FrameReader& reader) { return Send(reader, 0, frame_.size() - 1); }
  std::string SendLast(FrameReader& reader) { return Send(reader, frame_.size() - 1, frame_.size()); }
};

TEST_F(FrameBudget, StrangersShareHalfOfIt) {
  const auto first = Make();
  const auto second = Make();
  const auto third = Make();
  EXPECT_EQ(SendAllButLast(*first), "");
  EXPECT_EQ(SendAllButLast(*second), "");
  EXPECT_EQ(SendAllButLast(*third), "error(1013)");
  EXPECT_EQ(third->held_bytes(), 0u);
  EXPECT_EQ(budget_.used_bytes(), 128u * 1024);
  EXPECT_TRUE(metrics::ToText(registry_).contains("tidemill_http_buffers_refused_total 1"));

  const auto known = Make();
  known->Admit();
  EXPECT_EQ(SendAllButLast(*known), "");
  EXPECT_EQ(SendLast(*known), "text(" + Xs(kMessageBytes) + ")");
}

TEST_F(FrameBudget, WhatHasArrivedIsGivenBack) {
  const auto first = Make();
  EXPECT_EQ(SendAllButLast(*first), "");
  EXPECT_EQ(SendLast(*first), "text(" + Xs(kMessageBytes) + ")");
  EXPECT_GE(budget_.used_bytes(), 64u * 1024);
  first->DropEvent();
  EXPECT_EQ(budget_.used_bytes(), 0u);

  auto second = Make();
  EXPECT_EQ(SendAllButLast(*second), "");
  second.reset();
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

TEST_F(FrameBudget, WhoIsLetInCountsAsSuchFromTheNextPieceOn) {
  const auto first = Make();
  const auto second = Make();
  const auto third = Make();
  EXPECT_EQ(SendAllButLast(*first), "");
  EXPECT_EQ(SendAllButLast(*second), "");
  second->Admit();
  EXPECT_EQ(SendLast(*second), "text(" + Xs(kMessageBytes) + ")");
  EXPECT_EQ(SendAllButLast(*third), "");
}

TEST_F(FrameBudget, NothingIsHeldForWhatIsPassedOver) {
  const auto reader = Make();
  EXPECT_EQ(Send(*reader, 0, 50'000), "");
  reader->SkipMessages();
  EXPECT_EQ(Send(*reader, 50'000, 50'001), "");
  EXPECT_EQ(budget_.used_bytes(), 0u);
  EXPECT_LT(reader->held_bytes(), 1024u);
}

}  // namespace
}  // namespace tidemill::websocket
