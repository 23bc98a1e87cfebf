#include "net/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/log.h"
#include "net/task_scope.h"
#include "net/testing/harness.h"

namespace tidemill::net {
namespace {

using testing::OpenLoop;
using testing::RunTurns;
using testing::RunUntil;

struct Acceptor final : StreamAcceptor {
  void OnStream(std::unique_ptr<Stream> stream, Admission admission) override {
    stream->SetHandler(&handler);
    streams.push_back(std::move(stream));
    admissions.push_back(admission);
  }
  testing::RecordingHandler handler;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<Admission> admissions;
};

ListenAddress Parse(std::string_view text) { return *ListenAddress::Parse(text); }

Fd ConnectTcp(const SocketAddress& address) {
  socklen_t bytes = 0;
  const sockaddr_storage target = ToSockaddr(address, bytes);
  Fd fd(socket(target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&target), bytes) != 0) fd.Reset();
  return fd;
}

Fd ConnectUnix(const std::string& path) {
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  std::memcpy(target.sun_path, path.data(), path.size());
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) fd.Reset();
  return fd;
}

class ListenerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Listener> Open(ListenerOptions options) {
    auto listener = OpenListener(*loop_, std::move(options), acceptor_);
    EXPECT_TRUE(listener) << listener.error().detail;
    return listener ? *std::move(listener) : nullptr;
  }

  std::unique_ptr<Loop> loop_ = OpenLoop();
  Acceptor acceptor_;
};

TEST_F(ListenerTest, AcceptsWithThePeersAddressAndNoDelay) {
  const auto listener = Open({.address = Parse("127.0.0.1:0"), .defer_accept = false});
  ASSERT_NE(listener->bound().tcp.port, 0);
  const Fd client = ConnectTcp(listener->bound().tcp);
  ASSERT_TRUE(RunUntil(*loop_, [this] { return acceptor_.streams.size() == 1; }));
  EXPECT_EQ(acceptor_.streams[0]->peer().ToString(), "127.0.0.1");
  EXPECT_EQ(acceptor_.admissions[0], Admission::kAdmitted);
  // Segments that wait for each other's acknowledgement would show up as a delay: check the option itself.
  acceptor_.streams.clear();
  const Fd second = ConnectTcp(listener->bound().tcp);
  const Fd accepted([&] {
    int fd = -1;
    while (fd < 0) fd = accept(listener->fd(), nullptr, nullptr);
    return fd;
  }());
  int no_delay = 0;
  socklen_t bytes = sizeof no_delay;
  getsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &bytes);
  EXPECT_NE(no_delay, 0);
}

TEST_F(ListenerTest, CountsConnectionsWhosePROXYHeaderIsNone) {
  metrics::Registry registry;
  metrics::Counter& refused = registry.AddCounter("refused_total", "x");
  const std::vector<std::string> trusted = {"127.0.0.1"};
  const auto listener =
      Open({.address = Parse("127.0.0.1:0"),
            .proxy_protocol_from = std::make_shared<const Networks>(*Networks::Parse(trusted)),
            .proxy_headers_refused = &refused});
  const Fd good = ConnectTcp(listener->bound().tcp);
  testing::WriteAll(good.get(), "PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\nx");
  ASSERT_TRUE(RunUntil(*loop_, [this] { return acceptor_.streams.size() == 1; }));
  EXPECT_EQ(refused.value(), 0u);
  const Fd bad = ConnectTcp(listener->bound().tcp);
  testing::WriteAll(bad.get(), "GET / HTTP/1.1\r\n");
  EXPECT_TRUE(RunUntil(*loop_, [&refused] { return refused.value() == 1; }));
  EXPECT_EQ(acceptor_.streams.size(), 1u);
}

TEST_F(ListenerTest, DefersAcceptUntilTheClientSpeaks) {
  const auto listener = Open({.address = Parse("127.0.0.1:0")});
  const Fd client = ConnectTcp(listener->bound().tcp);
  RunTurns(*loop_);
  EXPECT_EQ(acceptor_.streams.size(), 0u);
  testing::WriteAll(client.get(), "hello");
  ASSERT_TRUE(RunUntil(*loop_, [this] { return acceptor_.streams.size() == 1; }));
  acceptor_.streams[0]->ReadNow();
  EXPECT_EQ(acceptor_.handler.received, "hello");
}

TEST_F(ListenerTest, AllAddressesMeansIpv4Too) {
  const auto listener = Open({.address = Parse(":0"), .defer_accept = false});
  const SocketAddress v4{.ip = *IpAddress::Parse("127.0.0.1"), .port = listener->bound().tcp.port};
  const Fd client = ConnectTcp(v4);
  ASSERT_TRUE(client.valid());
  ASSERT_TRUE(RunUntil(*loop_, [this] { return acceptor_.streams.size() == 1; }));
  EXPECT_EQ(acceptor_.streams[0]->peer().ToString(), "127.0.0.1");
}

TEST_F(ListenerTest, SeveralLoopsShareAPort) {
  const auto first = Open({.address = Parse("127.0.0.1:0"), .defer_accept = false});
  const auto other_loop = OpenLoop();
  Acceptor other;
  auto second = OpenListener(*other_loop, {.address = first->bound(), .defer_accept = false}, other);
  ASSERT_TRUE(second) << second.error().detail;
  std::vector<Fd> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(ConnectTcp(first->bound().tcp));
  ASSERT_TRUE(RunUntil(*loop_, [&] {
    RunTurns(*other_loop);
    return acceptor_.streams.size() + other.streams.size() == 64;
  }));
  EXPECT_GT(acceptor_.streams.size(), 0u);
  EXPECT_GT(other.streams.size(), 0u);
}

TEST_F(ListenerTest, AddressInUseSaysHowToFindTheHolder) {
  const auto holder = Open({.address = Parse("127.0.0.1:0")});
  const std::string port = std::to_string(holder->bound().tcp.port);
  const auto refused =
      OpenListener(*loop_, {.address = holder->bound(), .refuse_shared_port = true}, acceptor_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kUnavailable);
  EXPECT_NE(refused.error().detail.find("127.0.0.1:" + port), std::string::npos) << refused.error().detail;
  EXPECT_NE(refused.error().detail.find("ss -ltnp"), std::string::npos) << refused.error().detail;
}

TEST_F(ListenerTest, AnAddressThatIsNotOursIsABadSetting) {
  const auto refused = OpenListener(*loop_, {.address = Parse("203.0.113.1:0")}, acceptor_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kInvalidArgument);
  EXPECT_NE(refused.error().detail.find("no interface"), std::string::npos) << refused.error().detail;
}

TEST_F(ListenerTest, TheLimitersVerdictReachesTheAcceptor) {
  const auto limiter = ConnectionLimiter::Make({.connections_per_address_max = 1});
  const auto listener =
      Open({.address = Parse("127.0.0.1:0"), .defer_accept = false, .limiter = limiter.get()});
  const Fd first = ConnectTcp(listener->bound().tcp);
  const Fd second = ConnectTcp(listener->bound().tcp);
  ASSERT_TRUE(RunUntil(*loop_, [this] { return acceptor_.streams.size() == 2; }));
  EXPECT_EQ(acceptor_.admissions[0], Admission::kAdmitted);
  EXPECT_EQ(acceptor_.admissions[1], Admission::kTooManyFromAddress);
  EXPECT_EQ(limiter->connections(), 2u);
  acceptor_.streams.clear();
  EXPECT_EQ(limiter->connections(), 0u);
}

TEST_F(ListenerTest, StopAcceptingFreesThePort) {
  const auto listener = Open({.address = Parse("127.0.0.1:0"), .defer_accept = false});
  const SocketAddress address = listener->bound().tcp;
  listener->StopAccepting();
  EXPECT_FALSE(ConnectTcp(address).valid());
  RunTurns(*loop_);
}

int log_lines = 0;

// Out of descriptors: waiting connections are refused rather than left hanging, and it is logged once.
TEST_F(ListenerTest, OutOfDescriptorsItRefusesAndRecovers) {
  const auto listener = Open({.address = Parse("127.0.0.1:0"), .defer_accept = false});
  std::vector<Fd> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(ConnectTcp(listener->bound().tcp));
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  log_lines = 0;
  log::SetSinkForTest([](std::string_view line) { log_lines += line.contains("net.accept_failed") ? 1 : 0; });
  const Fd lowest_free(fcntl(0, F_DUPFD_CLOEXEC, 0));
  const rlimit none{.rlim_cur = static_cast<rlim_t>(lowest_free.get()), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto all_refused = [&] {
    for (const Fd& client : clients) {
      char byte = 0;
      if (recv(client.get(), &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN) return false;
    }
    return true;
  };
  const bool refused = RunUntil(*loop_, all_refused);
  setrlimit(RLIMIT_NOFILE, &before);
  log::SetSinkForTest(nullptr);
  EXPECT_TRUE(refused);
  EXPECT_EQ(acceptor_.streams.size(), 0u);
  EXPECT_EQ(log_lines, 1);
  const Fd later = ConnectTcp(listener->bound().tcp);
  EXPECT_TRUE(RunUntil(*loop_, [this] { return acceptor_.streams.size() == 1; }));
}

class UnixListenerTest : public ListenerTest {
 protected:
  UnixListenerTest() {
    char directory[] = "/tmp/tidemill-test-XXXXXX";
    directory_ = mkdtemp(directory);
    path_ = directory_ + "/server.sock";
  }
  ~UnixListenerTest() override {
    unlink(path_.c_str());
    rmdir(directory_.c_str());
  }
  ListenAddress address() const { return Parse("unix:" + path_); }
  bool Exists() const { return access(path_.c_str(), F_OK) == 0; }

  std::string directory_;
  std::string path_;
};

TEST_F(UnixListenerTest, AcceptsOnASocketOfTheGivenMode) {
  auto listener = Open({.address = address(), .unix_mode = 0600});
  struct stat status{};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const Fd client = ConnectUnix(path_);
  ASSERT_TRUE(RunUntil(*loop_, [this] { return acceptor_.streams.size() == 1; }));
  EXPECT_EQ(acceptor_.streams[0]->peer().ToString(), "unix");
  listener.reset();
  EXPECT_FALSE(Exists());
}

TEST_F(UnixListenerTest, SharesTheSocketWithAnotherLoop) {
  const auto listener = Open({.address = address()});
  const auto other_loop = OpenLoop();
  Acceptor other;
  auto shared = OpenListener(*other_loop, {.address = address(), .shared_unix_fd = listener->fd()}, other);
  ASSERT_TRUE(shared) << shared.error().detail;
  const Fd client = ConnectUnix(path_);
  ASSERT_TRUE(RunUntil(*other_loop, [&] { return other.streams.size() == 1; }));
  shared->reset();
  EXPECT_TRUE(Exists());
}

TEST_F(UnixListenerTest, ReplacesAStaleSocketButNotALiveOneAndNoOtherFile) {
  {
    const auto dead = BindUnix(address(), 0600);
    ASSERT_TRUE(dead);
  }
  ASSERT_TRUE(Exists());
  {
    const auto listener = Open({.address = address()});
    ASSERT_NE(listener, nullptr);
    const auto second = OpenListener(*loop_, {.address = address()}, acceptor_);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().detail.find("address in use"), std::string::npos) << second.error().detail;
  }
  const Fd file(open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_FALSE(OpenListener(*loop_, {.address = address()}, acceptor_));
  EXPECT_TRUE(Exists());
}

TEST(CheckBindable, SaysWhatIsWrongWithAnAddressAndLeavesNothingBehind) {
  const std::string folder = ::testing::TempDir() + "tidemill-bindable-" + std::to_string(getpid());
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  const std::string file = folder + "/file";
  ASSERT_TRUE(Fd(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
  for (const std::string& bad :
       {"unix:" + folder + "/none/s", "unix:" + file + "/s", "unix:" + file, "unix:" + folder,
        std::string("unix:/proc/s"), std::string("203.0.113.7:0")}) {
    const Result<void> checked = CheckBindable(Parse(bad));
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code, Errc::kInvalidArgument) << checked.error().detail;
    EXPECT_TRUE(checked.error().detail.starts_with("listen on " + bad)) << checked.error().detail;
  }
  const auto loop = OpenLoop();
  Acceptor acceptor;
  const ListenAddress socket = Parse("unix:" + folder + "/s");
  EXPECT_TRUE(CheckBindable(socket));
  EXPECT_NE(access(socket.unix_path.c_str(), F_OK), 0);
  auto listener = OpenListener(*loop, {.address = socket}, acceptor);
  ASSERT_TRUE(listener) << listener.error().detail;
  EXPECT_TRUE(CheckBindable(socket)) << "in use is no fault of the address";
  EXPECT_EQ(access(socket.unix_path.c_str(), F_OK), 0);
  auto tcp = OpenListener(*loop, {.address = Parse("127.0.0.1:0")}, acceptor);
  ASSERT_TRUE(tcp) << tcp.error().detail;
  EXPECT_TRUE(CheckBindable((*tcp)->bound()));
  listener->reset();
  unlink(file.c_str());
  rmdir(folder.c_str());
}

}  // namespace
}  // namespace tidemill::net
