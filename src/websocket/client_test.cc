#include "websocket/client.h"

#include <gtest/gtest.h>

#include "net/task_scope.h"
#include "net/testing/harness.h"
#include "websocket/handshake.h"
#include "websocket/testing/client_frames.h"

namespace tidemill::websocket {
namespace {

using net::testing::ReadAvailable;
using net::testing::RunTurns;
using net::testing::RunUntil;
using net::testing::WriteAll;

std::string Frame(int first, std::string_view payload) {
  std::string frame(1, static_cast<char>(first));
  frame += static_cast<char>(payload.size());
  return frame.append(payload);
}

TEST(FrameReader, ReadsAServersFramesWhereverTheBytesAreCut) {
  struct Case {
    const char* name;
    std::string bytes;
    std::string events;
  };
  const FrameLimits limits{.message_bytes_max = 4096};
  const Case cases[] = {
      {"text", Frame(0x81, "hello"), "text(hello)"},
      {"two at once", Frame(0x81, "a") + Frame(0x81, "b"), "text(a) text(b)"},
      {"empty text", Frame(0x81, ""), "text()"},
      {"fragments with a ping between",
       Frame(0x01, "a") + Frame(0x89, "p") + Frame(0x00, "b") + Frame(0x80, "c"), "ping(p) text(abc)"},
      {"pong", Frame(0x8a, "x") + Frame(0x81, "a"), "pong(x) text(a)"},
      {"close", Frame(0x88, std::string("\x03\xe8", 2) + "bye"), "close(1000, bye)"},
      {"close without a code", Frame(0x88, ""), "close(1005)"},
      {"length of 16 bits", std::string("\x81\x7e\x00\x80", 4) + std::string(128, 'x'),
       "text(" + std::string(128, 'x') + ")"},
      {"length not in its shortest form", std::string("\x81\x7f\0\0\0\0\0\0\0\x01x", 11), "error(1002)"},
      {"length beyond the limit", std::string("\x81\x7f\0\0\0\0\0\x01\0\0", 10), "error(1009)"},
      {"masked", std::string("\x81\x81\0\0\0\0x", 7), "error(1002)"},
      {"binary", Frame(0x82, "a"), "binary(a)"},
      {"compressed", Frame(0xc1, "a"), "error(1002)"},
      {"continuation of nothing", Frame(0x80, "a"), "error(1002)"},
      {"text inside of a message", Frame(0x01, "a") + Frame(0x81, "b"), "error(1002)"},
      {"cut ping", Frame(0x09, "a"), "error(1002)"},
      {"long ping", std::string("\x89\x7e\x00\x80", 4) + std::string(128, 'x'), "error(1002)"},
      {"fragments beyond the limit",
       std::string("\x01\x7e\x0f\xff", 4) + std::string(4095, 'x') + Frame(0x80, "ab"), "error(1009)"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Transcript(c.bytes, limits, nullptr, c.bytes.size(), Peer::kServer), c.events);
    EXPECT_EQ(Transcript(c.bytes, limits, nullptr, 1, Peer::kServer), c.events);
  }
}

TEST(AppendMaskedFrame, IsWhatAServerReads) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U}) {
    SCOPED_TRACE(size);
    const std::string payload(size, 'p');
    std::string frame = "before";
    AppendMaskedFrame(Opcode::kText, payload, 0x01020304, frame);
    EXPECT_EQ(frame, "before" + Encode({.payload = payload, .mask = 0x01020304}));
  }
}

std::string KeyOf(const std::string& request) {
  const std::string name = "Sec-WebSocket-Key: ";
  const std::size_t at = request.find(name);
  return at == request.npos ? "" : request.substr(at + name.size(), 24);
}

std::string Agreement(const std::string& request, const std::string& headers = "") {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         AcceptKey(KeyOf(request)) + "\r\n" + headers + "\r\n";
}

std::string Describe(const Client::Event& event) {
  using Kind = Client::Event::Kind;
  switch (event.kind) {
    case Kind::kOpened: return "opened";
    case Kind::kText: return "text(" + event.payload + ")";
    case Kind::kBinary: return "binary(" + event.payload + ")";
    case Kind::kClosed: break;
  }
  return "closed(" + std::to_string(static_cast<int>(event.code)) + " " + event.payload + ")";
}

// Everything that a client sees, until its first failure.
Task<void> Follow(std::unique_ptr<net::Stream> stream, Duration wait, std::string& seen) {
  auto client =
      co_await Client::Open(std::move(stream), {.host = "h:1", .target = "/ws", .subprotocol = "chat"}, wait);
  if (!client) {
    seen += client.error().detail;
    co_return;
  }
  seen += "open ";
  (*client)->Send(Opcode::kText, "hello");
  while (true) {
    const Result<Client::Event> event = co_await (*client)->Next(wait);
    if (!event) {
      seen += event.error().detail;
      co_return;
    }
    seen += Describe(*event) + " ";
  }
}

// A client on one end of a socket pair, the test as the server on the other.
class ClientTest : public testing::Test {
 protected:
  void Open() {
    auto [ours, theirs] = net::testing::SocketPair();
    server_ = std::move(theirs);
    scope_.Spawn(Follow(net::Stream::Adopt(*loop_, ours.Release(), {}, nullptr), Seconds(5), seen_));
    request_ = Received();
  }
  // What the server has received since the last call.
  std::string Received() {
    RunTurns(*loop_);
    return ReadAvailable(server_.get());
  }
  // What the client has seen when the server has sent this and closed.
  std::string AfterLast(const std::string& bytes) {
    WriteAll(server_.get(), bytes);
    server_.Reset();
    EXPECT_TRUE(RunUntil(*loop_, [this] { return scope_.running() == 0; }));
    return seen_;
  }

  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop({.clock = &clock_});
  net::Fd server_;
  std::string request_;
  std::string seen_;
  TaskScope scope_;
};

TEST_F(ClientTest, AsksAsTheProtocolWantsIt) {
  Open();
  EXPECT_EQ(request_,
            "GET /ws HTTP/1.1\r\nHost: h:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                KeyOf(request_) + "\r\nSec-WebSocket-Protocol: chat\r\n\r\n");
  const std::string first = KeyOf(request_);
  Open();
  EXPECT_NE(KeyOf(request_), first);
}

TEST_F(ClientTest, ExchangesMessages) {
  Open();
  WriteAll(server_.get(), Agreement(request_, "Sec-WebSocket-Protocol: chat\r\n") + Frame(0x81, "early"));
  const std::string sent = Received();
  EXPECT_EQ(Transcript(sent, {}, nullptr, sent.size()), "text(hello)");
  WriteAll(server_.get(), Frame(0x89, "p") + Frame(0x81, "a") + Frame(0x82, "b"));
  const std::string pong = Received();
  EXPECT_EQ(Transcript(pong, {}, nullptr, pong.size()), "pong(p)");
  EXPECT_EQ(AfterLast(Frame(0x88, std::string("\x0b\xb9", 2) + "shutdown")),
            "open text(early) text(a) binary(b) closed(3001 shutdown) the server closed the connection");
}

TEST_F(ClientTest, ReadsAnAgreementInPieces) {
  Open();
  for (const char c : Agreement(request_)) {
    WriteAll(server_.get(), {&c, 1});
    RunTurns(*loop_, 2);
  }
  EXPECT_EQ(seen_, "open ");
}

TEST_F(ClientTest, RefusesWhatIsNoAgreement) {
  struct Case {
    std::string answer;
    std::string error;
  };
  const std::string broken = "the server broke the WebSocket protocol: ";
  const Case cases[] = {
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
       "answered with status 403 instead of a WebSocket"},
      {"HTTP/1.1 200 OK\r\n\r\nhello", "answered with status 200 instead of a WebSocket"},
      {"HTTP/1.1 101 Switching\r\nSec-WebSocket-Accept: x\r\n\r\n", broken + "a false Sec-WebSocket-Accept"},
      {"SSH-2.0-x\r\n\r\n", "malformed response: status line"},
      {"HTTP/1.1 101 Sw", "the server closed the connection"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.answer);
    seen_.clear();
    Open();
    EXPECT_EQ(AfterLast(c.answer), c.error);
  }
  seen_.clear();
  Open();
  EXPECT_EQ(AfterLast(Agreement(request_, "Sec-WebSocket-Extensions: permessage-deflate\r\n")),
            broken + "an extension that was not asked for");
  seen_.clear();
  Open();
  EXPECT_EQ(AfterLast(Agreement(request_, "Sec-WebSocket-Protocol: other\r\n")),
            broken + "a subprotocol that was not asked for");
}

TEST_F(ClientTest, SaysHowTheServerBrokeTheProtocol) {
  Open();
  WriteAll(server_.get(), Agreement(request_) + Encode({.payload = "masked"}));
  RunTurns(*loop_);
  EXPECT_EQ(seen_, "open the server broke the WebSocket protocol: frame masked by a server");
}

TEST_F(ClientTest, DoesNotWaitForEver) {
  Open();
  clock_.Advance(Seconds(6));
  RunTurns(*loop_);
  EXPECT_EQ(seen_, "no answer in time");
}

}  // namespace
}  // namespace tidemill::websocket
