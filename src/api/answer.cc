#include "api/answer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "http/body.h"

namespace tidemill::api {
namespace {

constexpr std::size_t kCopiedBytesMax = 16 * 1024;
// An answer below it leaves in one piece.
constexpr std::size_t kWholeBytesMax = 256 * 1024;
constexpr std::size_t kWriteBytes = 64 * 1024;

class PiecesBody final : public http::BodySource {
 public:
  explicit PiecesBody(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  Task<Result<void>> WriteTo(http::BodyWriter& body) override {
    for (std::string& piece : pieces_) {
      for (std::size_t at = 0; at < piece.size(); at += kWriteBytes) {
        co_await body.Write(std::string_view(piece).substr(at, kWriteBytes));
      }
      std::string().swap(piece);
    }
    co_return Result<void>();
  }

 private:
  std::vector<std::string> pieces_;
};

}  // namespace

AnswerText& AnswerText::Append(std::string_view text) {
  last_ += text;
  return *this;
}

AnswerText& AnswerText::AppendLarge(std::string text) {
  if (text.size() <= kCopiedBytesMax) return Append(std::string_view(text));
  pieces_.push_back(std::exchange(last_, {}));
  pieces_.push_back(std::move(text));
  return *this;
}

http::Response AnswerText::Respond() {
  std::size_t bytes = last_.size();
  for (const std::string& piece : pieces_) bytes += piece.size();
  if (bytes <= kWholeBytesMax) {
    std::string whole;
    if (pieces_.empty()) {
      whole = std::move(last_);
    } else {
      whole.reserve(bytes);
      for (const std::string& piece : pieces_) whole += piece;
      whole += last_;
    }
    return http::Response::Json(200, std::move(whole));
  }
  pieces_.push_back(std::move(last_));
  http::Response response = http::Response::Json(200, "");
  response.body_source = std::make_shared<PiecesBody>(std::move(pieces_));
  return response;
}

}  // namespace tidemill::api
