// The answer to one request: how large it may be, and how it is sent.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace tidemill::api {

// Bytes that the answer to one request may still take (http_api.answer_max_size). The calls of a batch share
// one.
class AnswerBudget {
 public:
  explicit AnswerBudget(std::size_t bytes_max) : left_(bytes_max) {}
  // Whether there was room for them.
  bool Take(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }
  std::size_t left() const { return left_; }

 private:
  std::size_t left_;
};

// Gathers an answer's text; what is large is kept as it is and not copied.
class AnswerText {
 public:
  AnswerText& Append(std::string_view text);
  // The same, for what may be large.
  AnswerText& AppendLarge(std::string text);
  bool empty() const { return pieces_.empty() && last_.empty(); }

  // 200, JSON; once. A large answer is sent no faster than the caller reads it, and forgotten as it is sent.
  http::Response Respond();

 private:
  std::vector<std::string> pieces_;
  std::string last_;  // behind them
};

}  // namespace tidemill::api
