#include "queries/cache/answer.h"

#include <openssl/evp.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "base/assert.h"
#include "base/base64.h"

namespace tidemill::queries {
namespace {

std::string_view HeaderOf(const http::Response& response, std::string_view name) {
  for (const auto& [given, value] : response.headers) {
    if (EqualIgnoringCase(given, name)) return value;
  }
  return {};
}

// 128 bits of SHA-256 over type and body: two representations never share a strong tag.
std::string EtagOf(const http::Response& response) {
  if (const std::string_view given = HeaderOf(response, "ETag"); !given.empty()) return std::string(given);
  std::string text(HeaderOf(response, "Content-Type"));
  text += '\0';
  text += HeaderOf(response, "Content-Encoding");
  text += '\0';
  text += response.body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int bytes = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &bytes, EVP_sha256(), nullptr);
  const std::string_view half(reinterpret_cast<const char*>(digest.data()), 16);
  return '"' + Base64Encode(half, Base64::kUrl) + '"';
}

}  // namespace

AnswerPtr CachedAnswer::Make(http::Response response) {
  TM_ASSERT(response.body_source == nullptr);
  std::string etag = response.status == 200 ? EtagOf(response) : "";
  return std::make_shared<const CachedAnswer>(std::move(response), std::move(etag));
}

std::size_t CachedAnswer::bytes() const {
  std::size_t bytes = sizeof(CachedAnswer) + response.body.capacity() + etag.capacity();
  for (const auto& [name, value] : response.headers) {
    bytes += sizeof(std::pair<std::string, std::string>) + name.capacity() + value.capacity();
  }
  return bytes;
}

}  // namespace tidemill::queries
