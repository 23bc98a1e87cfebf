#include "jobs/faktory/handshake.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "base/assert.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/random.h"
#include "jobs/faktory/reply.h"

namespace tidemill::faktory {
namespace {

std::string ReadText(JsonReader& json, std::size_t bytes_max, std::string_view name) {
  if (json.SkipNull()) return {};
  std::string text = json.ReadString();
  if (text.size() > bytes_max) json.Fail(fmt::format("{} has at most {} bytes", name, bytes_max));
  return text;
}

std::vector<std::string> ReadLabels(JsonReader& json) {
  std::vector<std::string> labels;
  if (json.SkipNull()) return labels;
  json.EnterArray();
  while (json.NextElement()) {
    labels.push_back(ReadText(json, kLabelBytesMax, "a label"));
    if (labels.size() > kLabelsMax) json.Fail(fmt::format("at most {} labels", kLabelsMax));
  }
  return labels;
}

// A wid is said again in answers and metrics.
bool IsWid(std::string_view wid) {
  for (const char c : wid) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\') return false;
  }
  return true;
}

}  // namespace

Challenge MakeChallenge() {
  return {.iterations = static_cast<std::uint32_t>(4000 + RandomBelow(4096)),
          .salt = fmt::format("{:x}", RandomBelow(std::uint64_t{1} << 63))};
}

void AppendGreeting(const Challenge* challenge, std::string& out) {
  if (challenge == nullptr) return AppendSimple(R"(HI {"v":2})", out);
  AppendSimple(fmt::format(R"(HI {{"v":2,"i":{},"s":"{}"}})", challenge->iterations, challenge->salt), out);
}

Result<Hello> ParseHello(std::string_view line) {
  constexpr std::string_view kVerb = "HELLO ";
  if (line.size() > kHelloBytesMax) {
    return Fail(Errc::kLimitExceeded, fmt::format("HELLO has at most {} bytes", kHelloBytesMax));
  }
  if (!line.starts_with("HELLO {")) return Fail(Errc::kInvalidArgument, "expected HELLO {…}");
  Hello hello;
  JsonReader json(line.substr(kVerb.size()));
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "v") {
      if (!json.SkipNull()) hello.version = json.ReadInteger<std::int32_t>();
    } else if (*key == "wid") {
      hello.wid = ReadText(json, kWidBytesMax, "wid");
      if (!IsWid(hello.wid)) json.Fail("wid must be visible ASCII without quotes and backslashes");
    } else if (*key == "hostname") {
      hello.hostname = ReadText(json, kHostnameBytesMax, "hostname");
    } else if (*key == "pid") {
      if (!json.SkipNull()) hello.pid = json.ReadInteger<std::int64_t>();
    } else if (*key == "labels") {
      hello.labels = ReadLabels(json);
    } else if (*key == "pwdhash") {
      hello.password_hash = ReadText(json, 2 * EVP_MAX_MD_SIZE, "pwdhash");
    }
  }
  TM_TRY(json.Finish());
  return hello;
}

std::string PasswordHash(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const EVP_MD* const sha256 = EVP_sha256();
  std::string bytes(password);
  bytes += salt;
  for (std::uint32_t i = 0; i < iterations; ++i) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    TM_ASSERT(EVP_DigestInit_ex(context.get(), i == 0 ? sha256 : nullptr, nullptr) == 1);
    TM_ASSERT(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
    TM_ASSERT(EVP_DigestFinal_ex(context.get(), digest, &size) == 1);
    bytes.assign(reinterpret_cast<const char*>(digest), size);
  }
  return HexEncode(bytes);
}

bool IsPassword(const Hello& hello, std::string_view password, const Challenge& challenge) {
  const std::uint32_t iterations = hello.version < 2 ? 1 : challenge.iterations;
  const std::string expected = PasswordHash(password, challenge.salt, iterations);
  return hello.password_hash.size() == expected.size() &&
         CRYPTO_memcmp(hello.password_hash.data(), expected.data(), expected.size()) == 0;
}

}  // namespace tidemill::faktory
