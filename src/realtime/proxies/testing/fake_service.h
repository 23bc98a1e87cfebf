// FakeService: the operator's service in tests: an HTTP server on the test's loop whose answers the test
// writes.
//
// Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/listener.h"
#include "net/loop.h"

namespace tidemill::proxies {

class FakeService final : public net::StreamAcceptor {
 public:
  explicit FakeService(net::Loop& loop);
  ~FakeService();

  std::string Url(std::string_view path = "/") const;
  // The answer to each request from now on.
  void AnswerWith(int status, std::string_view body);
  void BeMute() { answer_.clear(), closes_ = false; }
  // Closes the connection in place of an answer.
  void HangUp() { answer_.clear(), closes_ = true; }
  // Answers the requests that wait, as AnswerWith has said.
  void AnswerWaiting();
  // Nobody listens any more.
  void Close();

  std::vector<std::string> requests;  // each with its head
  std::size_t connections() const { return clients_.size(); }

 private:
  struct Client;

  void OnStream(std::unique_ptr<net::Stream> stream, net::Admission) override;
  void Answer(Client& client);

  net::Loop& loop_;
  std::unique_ptr<net::Listener> listener_;
  std::uint16_t port_ = 0;
  std::string answer_;
  bool closes_ = false;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace tidemill::proxies
