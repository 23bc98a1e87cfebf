#include "queries/answer/compress.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "http/body.h"
#include "net/next_turn.h"
#include "queries/answer/gzip.h"
#include "queries/values/weighted_list.h"

namespace tidemill::queries {
namespace {

constexpr std::size_t kBytesMin = 1'024;
constexpr std::size_t kAtOnceBytes = 32 * 1024;

class GzipBody final : public http::BodySource {
 public:
  GzipBody(std::string body, net::Loop& loop) : body_(std::move(body)), loop_(loop) {}

  Task<Result<void>> WriteTo(http::BodyWriter& writer) override {
    Gzip gzip;
    std::string packed;
    for (std::string_view rest = body_; !rest.empty();) {
      const std::string_view piece = rest.substr(0, kAtOnceBytes);
      gzip.Add(piece, packed);
      rest.remove_prefix(piece.size());
      if (packed.size() >= kAtOnceBytes) {
        co_await writer.Write(packed);
        packed.clear();
      }
      if (!rest.empty() && loop_.ShareSpent()) co_await net::NextTurn(loop_);
    }
    gzip.Finish(packed);
    co_await writer.Write(packed);
    co_return Result<void>();
  }

 private:
  const std::string body_;
  net::Loop& loop_;
};

void WeakenEtag(http::Response& response) {
  for (auto& [name, value] : response.headers) {
    if (EqualIgnoringCase(name, "ETag") && value.starts_with('"')) value.insert(0, "W/");
  }
}

}  // namespace

bool TakesGzip(const http::Request& request) {
  std::optional<bool> gzip;
  bool any = false;
  for (const WeightedElement& element : ReadWeighted(request, "accept-encoding")) {
    if (element.value == "gzip" || element.value == "x-gzip") gzip = element.quality > 0;
    if (element.value == "*") any = element.quality > 0;
  }
  return gzip.value_or(any);
}

http::Response Compress(http::Response response, const http::Request& request, net::Loop& loop) {
  if (response.body_source || response.body.size() < kBytesMin) return response;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!TakesGzip(request)) return response;
  response.headers.emplace_back("Content-Encoding", "gzip");
  WeakenEtag(response);
  if (response.body.size() > kAtOnceBytes) {
    response.body_source = std::make_shared<GzipBody>(std::move(response.body), loop);
    response.body.clear();
    return response;
  }
  Gzip gzip;
  std::string packed;
  gzip.Add(response.body, packed);
  gzip.Finish(packed);
  response.body = std::move(packed);
  return response;
}

}  // namespace tidemill::queries
