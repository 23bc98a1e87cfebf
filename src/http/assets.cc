#include "http/assets.h"

#include <zlib.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/assert.h"

namespace tidemill::http {
namespace {

std::string Gzip(const std::string& body) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  TM_ASSERT(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 9, Z_DEFAULT_STRATEGY) ==
            Z_OK);
  std::string packed(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  TM_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// FNV-1a: names a version of a file we built ourselves; nobody can gain from a collision.
std::string Tag(const std::string& body) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : body) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  std::string tag;
  for (int i = 0; i < 16; ++i, hash >>= 4) tag += "0123456789abcdef"[hash & 15];
  return tag;
}

// Whether Accept-Encoding takes gzip (RFC 9110 section 12.5.3): listed, or "*", and not with q=0.
bool TakesGzip(std::string_view accept) {
  std::optional<bool> gzip;
  bool any = false;
  while (!accept.empty()) {
    const std::size_t comma = accept.find(',');
    const std::string_view item = accept.substr(0, comma);
    const std::string_view coding = TrimBlanks(item.substr(0, item.find(';')));
    const std::size_t weight = item.find("q=");
    const bool refused =
        weight != std::string_view::npos && item.find_first_of("123456789", weight) == std::string_view::npos;
    if (EqualIgnoringCase(coding, "gzip")) gzip = !refused;
    if (coding == "*") any = !refused;
    if (comma == std::string_view::npos) break;
    accept.remove_prefix(comma + 1);
  }
  return gzip.value_or(any);
}

// If-None-Match (RFC 9110 section 13.1.2): weak comparison, a list or "*".
bool Matches(std::string_view if_none_match, std::string_view etag) {
  return if_none_match == "*" || if_none_match.find(etag) != std::string_view::npos;
}

class AssetHandler final : public Handler {
 public:
  explicit AssetHandler(Asset asset)
      : asset_(std::move(asset)), packed_(Gzip(asset_.body)), tag_(Tag(asset_.body)) {}

  Task<Response> Handle(const Request& request) override {
    const bool gzip =
        packed_.size() < asset_.body.size() && TakesGzip(request.Header("accept-encoding").value_or(""));
    const std::string etag = "\"" + tag_ + (gzip ? "-gz\"" : "\"");
    Response response;
    response.headers = {{"ETag", etag}, {"Vary", "Accept-Encoding"}, {"Cache-Control", "no-cache"}};
    if (Matches(request.Header("if-none-match").value_or(""), etag)) {
      response.status = 304;
      co_return response;
    }
    response.headers.emplace_back("Content-Type", asset_.content_type);
    if (gzip) response.headers.emplace_back("Content-Encoding", "gzip");
    if (!asset_.content_security_policy.empty()) {
      response.headers.emplace_back("Content-Security-Policy", asset_.content_security_policy);
    }
    response.body = gzip ? packed_ : asset_.body;
    co_return response;
  }

 private:
  const Asset asset_;
  const std::string packed_;
  const std::string tag_;
};

class RedirectHandler final : public Handler {
 public:
  explicit RedirectHandler(std::string location) : location_(std::move(location)) {}

  Task<Response> Handle(const Request&) override {
    Response response = Response::Text(308, "");
    response.headers.emplace_back("Location", location_);
    co_return response;
  }

 private:
  const std::string location_;
};

}  // namespace

std::shared_ptr<Handler> MakeAssetHandler(Asset asset) {
  return std::make_shared<AssetHandler>(std::move(asset));
}

void AddFiles(Router& router, std::string_view prefix, std::span<const EmbeddedFile> files,
              std::string_view content_security_policy) {
  for (const EmbeddedFile& file : files) {
    router.Add(Method::kGet, std::string(prefix) + std::string(file.path),
               MakeAssetHandler({.content_type = std::string(file.content_type),
                                 .body = std::string(file.body),
                                 .content_security_policy = std::string(content_security_policy)}));
  }
}

std::shared_ptr<Handler> MakeRedirectHandler(std::string location) {
  return std::make_shared<RedirectHandler>(std::move(location));
}

}  // namespace tidemill::http
