#include "postgres/login/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/base64.h"
#include "base/random.h"
#include "postgres/login/saslprep.h"

namespace tidemill::postgres {
namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kNonceBytes = 18;
constexpr std::size_t kServerNonceBytesMax = 1024;
constexpr std::size_t kSaltBytesMax = 1024;

std::unexpected<Error> Wrong(std::string detail) {
  return Fail(Errc::kInvalidArgument, "SCRAM: " + std::move(detail));
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Hmac(std::string_view key, std::string_view text) {
  std::string digest(kHashBytes, '\0');
  unsigned int size = 0;
  TM_ASSERT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(),
                 reinterpret_cast<unsigned char*>(digest.data()), &size) != nullptr);
  return digest;
}

std::string Sha256(std::string_view text) {
  std::string digest(kHashBytes, '\0');
  unsigned int size = 0;
  TM_ASSERT(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                       EVP_sha256(), nullptr) == 1);
  return digest;
}

// RFC 5802 section 5.1: "," and "=" in a name.
std::string SaslName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

// The value of "k=value" up to the next comma, which is taken away as well.
std::optional<std::string_view> TakeAttribute(char name, std::string_view& rest) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return std::nullopt;
  const std::size_t end = std::min(rest.find(','), rest.size());
  const std::string_view value = rest.substr(2, end - 2);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return value;
}

bool IsNonce(std::string_view text) {
  return text.size() <= kServerNonceBytesMax &&
         std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7e; });
}

}  // namespace

ScramKeys DeriveScramKeys(const ScramChallenge& challenge) {
  std::string salted(kHashBytes, '\0');
  TM_ASSERT(PKCS5_PBKDF2_HMAC(challenge.password.data(), static_cast<int>(challenge.password.size()),
                              Bytes(challenge.salt), static_cast<int>(challenge.salt.size()),
                              static_cast<int>(challenge.iterations), EVP_sha256(), kHashBytes,
                              reinterpret_cast<unsigned char*>(salted.data())) == 1);
  return {.client_key = Hmac(salted, "Client Key"), .server_key = Hmac(salted, "Server Key")};
}

ScramClient::ScramClient(ScramBinding binding, std::string password, std::string nonce, std::string user)
    : binding_(std::move(binding)),
      password_(std::move(password)),
      nonce_(std::move(nonce)),
      user_(std::move(user)) {}

std::string ScramClient::GsHeader() const {
  switch (binding_.kind) {
    case ScramBinding::Kind::kNone: return "n,,";
    case ScramBinding::Kind::kUnoffered: return "y,,";
    case ScramBinding::Kind::kEndPoint: break;
  }
  return "p=tls-server-end-point,,";
}

std::string ScramClient::First() const { return GsHeader() + "n=" + SaslName(user_) + ",r=" + nonce_; }

Result<ScramChallenge> ScramClient::Challenge(std::string_view server_first) {
  std::string_view rest = server_first;
  const auto nonce = TakeAttribute('r', rest);
  const auto salt = TakeAttribute('s', rest);
  const auto iterations = TakeAttribute('i', rest);
  if (!nonce || !salt || !iterations || !rest.empty()) return Wrong("not a server-first-message");
  if (!IsNonce(*nonce)) return Wrong("the server's nonce is not one");
  if (!nonce->starts_with(nonce_) || nonce->size() == nonce_.size()) {
    return Wrong("the server's nonce does not go on where ours ends");
  }
  const auto salt_bytes = Base64Decode(*salt, Base64::kStandard);
  if (!salt_bytes || salt_bytes->empty() || salt_bytes->size() > kSaltBytesMax) {
    return Wrong("the salt is not one");
  }
  std::uint32_t count = 0;
  const auto read = std::from_chars(iterations->data(), iterations->data() + iterations->size(), count);
  if (read.ec != std::errc{} || read.ptr != iterations->data() + iterations->size() || count == 0) {
    return Wrong("the number of iterations is not one");
  }
  if (count > kScramIterationsMax) {
    return Wrong("the server wants " + std::to_string(count) + " iterations; at most " +
                 std::to_string(kScramIterationsMax) + " are computed (scram_iterations)");
  }
  full_nonce_ = *nonce;
  server_first_ = server_first;
  return ScramChallenge{.password = SaslPrep(password_), .salt = *salt_bytes, .iterations = count};
}

std::string ScramClient::Final(const ScramKeys& keys) {
  std::string bound = GsHeader();
  if (binding_.kind == ScramBinding::Kind::kEndPoint) bound += binding_.end_point;
  const std::string without_proof = "c=" + Base64Encode(bound, Base64::kStandard) + ",r=" + full_nonce_;
  const std::string first_bare = "n=" + SaslName(user_) + ",r=" + nonce_;
  const std::string signed_text = first_bare + "," + server_first_ + "," + without_proof;
  std::string proof = Hmac(Sha256(keys.client_key), signed_text);
  for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ keys.client_key[i]);
  server_signature_ = Hmac(keys.server_key, signed_text);
  return without_proof + ",p=" + Base64Encode(proof, Base64::kStandard);
}

Result<void> ScramClient::Verify(std::string_view server_final) const {
  std::string_view rest = server_final;
  if (const auto error = TakeAttribute('e', rest)) return Wrong("the server refuses: " + std::string(*error));
  const auto verifier = TakeAttribute('v', rest);
  if (!verifier || !rest.empty()) return Wrong("not a server-final-message");
  const auto signature = Base64Decode(*verifier, Base64::kStandard);
  if (!signature || signature->size() != kHashBytes || server_signature_.size() != kHashBytes ||
      CRYPTO_memcmp(signature->data(), server_signature_.data(), kHashBytes) != 0) {
    return Wrong("the server does not prove that it knows the password");
  }
  return {};
}

std::string NewScramNonce() {
  std::array<std::byte, kNonceBytes> bytes;
  FillRandom(bytes);
  return Base64Encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, Base64::kStandard);
}

}  // namespace tidemill::postgres
