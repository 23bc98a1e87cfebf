#include "queries/cache/answer.h"

#include <openssl/evp.h>

#include <array>
#include <memory>
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
  std::string head(HeaderOf(response, "Content-Type"));
  head += '\0';
  head += HeaderOf(response, "Content-Encoding");
  head += '\0';
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(context.get(), head.data(), head.size());
  EVP_DigestUpdate(context.get(), response.body.data(), response.body.size());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int bytes = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &bytes);
  const std::string_view half(reinterpret_cast<const char*>(digest.data()), 16);
  return '"' + Base64Encode(half, Base64::kUrl) + '"';
}

}  // namespace

AnswerPtr CachedAnswer::Make(http::Response response, std::size_t tagged_bytes_max) {
  TM_ASSERT(response.body_source == nullptr);
  const bool is_tagged = response.status == 200 && response.body.size() <= tagged_bytes_max;
  std::string etag = is_tagged ? EtagOf(response) : "";
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
