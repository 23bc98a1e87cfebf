// Withdrawals: which questions of a client still wait for a connection, over all endpoints of a loop, so that
// they are taken back when the client has gone.
//
// Loop thread only. Endpoints that a reload has replaced share it with those that follow them.
#pragma once

#include <functional>
#include <map>

namespace tidemill::session {
struct Client;
}

namespace tidemill::proxies {

class Withdrawals {
 public:
  // While it lives the question can be taken back. Its address is a registration's: it does not move.
  class Question {
   public:
    Question(Withdrawals& all, const session::Client& client)
        : all_(all), place_(all.questions_.emplace(&client, nullptr)) {}
    ~Question() { all_.questions_.erase(place_); }
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;

    // For http::ClientRequest::withdraw.
    std::function<void()>* withdraw() { return &place_->second; }

   private:
    Withdrawals& all_;
    std::multimap<const session::Client*, std::function<void()>>::iterator place_;
  };

  void TakeBack(const session::Client& client);

 private:
  std::multimap<const session::Client*, std::function<void()>> questions_;
};

}  // namespace tidemill::proxies
