#include "load/ws_publisher.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "load/wire.h"

namespace load {
namespace {

constexpr std::size_t kWaitingMax = 64 << 20;

constexpr std::string_view kPushBefore = R"({"push":{"channel":"bench","pub":{"data":)";
constexpr std::string_view kPushAfter =
    R"(,"info":{"user":"","client":"00000000-0000-0000-0000-000000000000"}}}})";

// Reads until `what` has come.
void Await(int fd, std::string_view what, std::string& buffer) {
  std::string seen;
  while (!seen.contains(what)) {
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, 10'000) != 1) Die("the publisher got no answer: " + seen);
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) Die("the server closed the publisher's connection: " + seen);
    seen.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

std::size_t WsPublisher::MessageBytes(std::size_t data_bytes) {
  return kPushBefore.size() + data_bytes + kPushAfter.size();
}

WsPublisher::WsPublisher(const Options& options, Crowd& crowd)
    : before_(options.target == Target::kFloor ? kPushBefore
                                               : R"({"id":3,"publish":{"channel":"bench","data":)"),
      after_(options.target == Target::kFloor ? kPushAfter : "}}"),
      messages_(options.payload_bytes),
      fd_(Connect(options.publish_port != 0 ? options.publish_port : options.port, 199)),
      buffer_(1 << 16, '\0') {
  const bool floor = options.target == Target::kFloor;
  SendAll(fd_, Handshake(floor ? "/publisher" : "/connection/websocket"));
  Await(fd_, "\r\n\r\n", buffer_);
  if (!floor) {
    std::string frame;
    AppendFrame(R"({"id":1,"connect":{}})", frame);
    SendAll(fd_, frame);
    Await(fd_, R"("id":1,"connect")", buffer_);
  }
  crowd.Watch(fd_, [this] {
    ReadAnswers();
    Flush();
  });
}

WsPublisher::~WsPublisher() { close(fd_); }

void WsPublisher::Publish(const Stamp& stamp) {
  text_ = before_;
  text_ += messages_.Data(stamp);
  text_ += after_;
  AppendFrame(text_, waiting_);
  if (waiting_.size() > kWaitingMax) Die("the server does not read what is published");
}

void WsPublisher::Flush() {
  if (waiting_.empty()) return;
  const ssize_t sent = send(fd_, waiting_.data(), waiting_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) Die("publish: " + std::string(std::strerror(errno)));
  if (sent > 0) waiting_.erase(0, static_cast<std::size_t>(sent));
}

void WsPublisher::ReadAnswers() {
  for (;;) {
    const ssize_t got = recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (got < 0) return;
    const std::string_view text(buffer_.data(), static_cast<std::size_t>(got));
    if (got == 0) Die("the server closed the publisher's connection");
    if (text.contains("\"error\"")) Die("publish refused: " + std::string(text.substr(0, 200)));
  }
}

}  // namespace load
