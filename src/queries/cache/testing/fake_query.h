// FakeQuery: fills of a cache that wait until the test answers them.
//
// Loop thread only. It outlives the fills.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "net/reply.h"
#include "queries/cache/cache.h"

namespace tidemill::queries::testing {

class FakeQuery {
 public:
  explicit FakeQuery(net::Loop& loop) : loop_(loop) {}

  Fill Run() { return Wait(*this); }
  // Fills that have begun, and those that ended or were destroyed.
  std::size_t begun() const { return senders_.size(); }
  std::size_t running() const { return running_; }

  // `number`: of the fill, in the order of their beginnings, from 0.
  void Answer(std::size_t number, std::string body);
  void Answer(std::size_t number, Result<http::Response> response);
  void Answer(std::size_t number, Filled filled);

 private:
  using Reply = net::Reply<Result<Filled>>;
  static Fill Wait(FakeQuery& self);

  net::Loop& loop_;
  std::vector<Reply::Sender> senders_;
  std::size_t running_ = 0;
};

// 200 with this JSON.
http::Response JsonOf(std::string body);

// A key of an endpoint that everybody may ask.
CacheKey KeyOf(std::string_view endpoint, sql::Parameters parameters = {});

}  // namespace tidemill::queries::testing
