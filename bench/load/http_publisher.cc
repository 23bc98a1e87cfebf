#include "load/http_publisher.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "load/wire.h"

namespace load {

HttpPublisher::HttpPublisher(const Options& options, Crowd& crowd, int rooms)
    : protocol_(options.target),
      api_key_(options.api_key),
      rooms_(rooms),
      receivers_(static_cast<std::size_t>(rooms == 0 ? options.subscribers
                                                     : std::max(1, options.subscribers / rooms))),
      messages_(options.payload_bytes),
      callers_(static_cast<std::size_t>(options.callers)) {
  const int port = options.publish_port != 0 ? options.publish_port : options.port;
  for (std::size_t caller = 0; caller < callers_.size(); ++caller) {
    callers_[caller].fd = Connect(port, static_cast<int>(caller));
    crowd.Watch(callers_[caller].fd, [this, caller] { Answered(caller); });
    free_.push_back(caller);
  }
}

HttpPublisher::~HttpPublisher() {
  for (const Caller& caller : callers_) close(caller.fd);
}

void HttpPublisher::Publish(const Stamp& stamp) {
  if (free_.empty()) {
    queue_.push_back(stamp);
    return;
  }
  const std::size_t caller = free_.front();
  free_.pop_front();
  Call(caller, stamp);
}

void HttpPublisher::Call(std::size_t index, const Stamp& stamp) {
  Caller& caller = callers_[index];
  caller.sent_ns = Now();
  SendAll(caller.fd, protocol_.PublishRequest(ChannelOf(stamp.number, rooms_), messages_.Data(stamp),
                                              api_key_, receivers_));
}

void HttpPublisher::Answered(std::size_t index) {
  Caller& caller = callers_[index];
  char buffer[4096];
  const ssize_t got = recv(caller.fd, buffer, sizeof(buffer), 0);
  if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
  if (got <= 0) Die("the server closed a connection of the API");
  caller.answer.append(buffer, static_cast<std::size_t>(got));
  const std::size_t end = caller.answer.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const char* const length = strcasestr(caller.answer.c_str(), "\r\nContent-Length:");
  if (length == nullptr) Die("no Content-Length: " + caller.answer);
  if (caller.answer.size() < end + 4 + std::strtoul(length + 17, nullptr, 10)) return;
  if (!caller.answer.starts_with("HTTP/1.1 200") || !protocol_.Published(caller.answer))
    Die("publish refused: " + caller.answer);
  caller.answer.clear();
  const std::int64_t took_ns = Now() - caller.sent_ns;
  if (queue_.empty()) {
    free_.push_back(index);
  } else {
    Call(index, queue_.front());
    queue_.pop_front();
  }
  if (on_answer) on_answer(took_ns);
}

}  // namespace load
