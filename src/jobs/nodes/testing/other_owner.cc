#include "jobs/nodes/testing/other_owner.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "base/assert.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::nodes::testing {

OtherOwner::OtherOwner()
    : loop(net::testing::OpenLoop()),
      server(*faktory::Server::Make(engine, {}, faktory_metrics)),
      listening_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  TM_ASSERT(bind(listening_.get(), any, size) == 0 && listen(listening_.get(), 100) == 0);
  TM_ASSERT(getsockname(listening_.get(), any, &size) == 0);
  port_ = ntohs(address.sin_port);
}

void OtherOwner::Start() {
  store.TakeOver("other", "127.0.0.1:" + std::to_string(port_));
  engine.Start();
  TM_ASSERT(Until([this] { return ownership.IsElsewhere(); }));
}

void OtherOwner::MoveOn() {
  store.TakeOver("third", "127.0.0.1:9");
  TM_ASSERT(Until([this] { return ownership.Elsewhere()->node == "third"; }));
}

net::Fd OtherOwner::Accept() {
  net::Fd fd;
  TM_ASSERT(Until([&] {
    fd = net::Fd(accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    return fd.get() >= 0;
  }));
  return fd;
}

std::string OtherOwner::ReadUntil(const net::Fd& fd, std::string_view end) {
  TM_ASSERT(Until([&] {
    read_ += net::testing::ReadAvailable(fd.get());
    return read_.contains(end);
  }));
  const std::size_t size = read_.find(end) + end.size();
  std::string got = read_.substr(0, size);
  read_.erase(0, size);
  return got;
}

bool OtherOwner::Until(const std::function<bool()>& done) { return net::testing::DriveUntil(*loop, done); }

void OtherOwner::Turns(int count) { net::testing::RunTurns(*loop, count); }

}  // namespace tidemill::nodes::testing
