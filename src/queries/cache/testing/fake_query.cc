#include "queries/cache/testing/fake_query.h"

#include <utility>

namespace tidemill::queries::testing {
namespace {

// Counts a frame while it lives.
class Running {
 public:
  explicit Running(std::size_t& count) : count_(count) { ++count_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { --count_; }

 private:
  std::size_t& count_;
};

}  // namespace

Fill FakeQuery::Wait(FakeQuery& self) {
  const Running running(self.running_);
  Reply reply(self.loop_);
  self.senders_.push_back(reply.sender());
  co_return co_await reply;
}

void FakeQuery::Answer(std::size_t number, std::string body) { Answer(number, JsonOf(std::move(body))); }

void FakeQuery::Answer(std::size_t number, Result<http::Response> response) {
  senders_.at(number).Send(Result<Filled>(std::move(response)));
}

void FakeQuery::Answer(std::size_t number, Filled filled) { senders_.at(number).Send(std::move(filled)); }

http::Response JsonOf(std::string body) { return http::Response::Json(200, std::move(body)); }

CacheKey KeyOf(std::string_view endpoint, sql::Parameters parameters) {
  return *MakeCacheKey({.endpoint = endpoint,
                        .endpoint_version = "v1",
                        .parameters = parameters,
                        .format = "application/json",
                        .variant = "",
                        .role = "",
                        .claims = "",
                        .scope = {}});
}

}  // namespace tidemill::queries::testing
