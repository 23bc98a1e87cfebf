#include "auth/testing/signer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "base/assert.h"
#include "base/base64.h"

namespace tidemill::auth::testing {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Url(std::string_view bytes) { return Base64Encode(bytes, Base64::kUrl); }

std::size_t CoordinateBytes(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEs256: return 32;
    case Algorithm::kEs384: return 48;
    default: return 66;
  }
}

const char* CurveName(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEs256: return "P-256";
    case Algorithm::kEs384: return "P-384";
    default: return "P-521";
  }
}

std::string ToFixedLength(std::string_view der, std::size_t coordinate_bytes) {
  const unsigned char* at = Bytes(der);
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  TM_ASSERT(pair != nullptr);
  std::string fixed(2 * coordinate_bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(fixed.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, static_cast<int>(coordinate_bytes));
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + coordinate_bytes, static_cast<int>(coordinate_bytes));
  ECDSA_SIG_free(pair);
  return fixed;
}

std::string TakeText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace

struct Signer::Key {
  explicit Key(EVP_PKEY* generated) : key(generated) { TM_ASSERT(key != nullptr); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key() { EVP_PKEY_free(key); }

  // A number of the key, big-endian, filled with zeros to `bytes` when that is longer.
  std::string Number(const char* name, std::size_t bytes = 0) const {
    BIGNUM* number = nullptr;
    TM_ASSERT(EVP_PKEY_get_bn_param(key, name, &number) == 1);
    std::string text(std::max(static_cast<std::size_t>(BN_num_bytes(number)), bytes), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(text.size()));
    BN_free(number);
    return text;
  }

  EVP_PKEY* const key;
};

Signer Signer::Generate(Algorithm algorithm, int rsa_bits) {
  EVP_PKEY* key = nullptr;
  switch (KindOf(algorithm)) {
    case KeyKind::kRsa: key = EVP_RSA_gen(static_cast<unsigned>(rsa_bits)); break;
    case KeyKind::kEcdsa: key = EVP_EC_gen(CurveName(algorithm)); break;
    default: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return Signer(std::make_shared<const Key>(key), algorithm);
}

Signer Signer::With(Algorithm algorithm) const { return Signer(key_, algorithm); }

Signer Signer::WithSalt(int bytes) const {
  Signer signer = *this;
  signer.salt_bytes_ = bytes;
  return signer;
}

std::string Signer::Sign(std::string_view input) const {
  const bool hashes_itself = KindOf(algorithm_) == KeyKind::kEd25519;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::size_t size = 0;
  EVP_PKEY_CTX* use = nullptr;
  TM_ASSERT(EVP_DigestSignInit_ex(context, &use, hashes_itself ? nullptr : HashOf(algorithm_), nullptr,
                                  nullptr, key_->key, nullptr) == 1);
  if (IsPss(algorithm_)) {
    TM_ASSERT(EVP_PKEY_CTX_set_rsa_padding(use, RSA_PKCS1_PSS_PADDING) == 1);
    TM_ASSERT(EVP_PKEY_CTX_set_rsa_pss_saltlen(use, salt_bytes_) == 1);
  }
  TM_ASSERT(EVP_DigestSign(context, nullptr, &size, Bytes(input), input.size()) == 1);
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  TM_ASSERT(EVP_DigestSign(context, out, &size, Bytes(input), input.size()) == 1);
  EVP_MD_CTX_free(context);
  signature.resize(size);
  if (KindOf(algorithm_) != KeyKind::kEcdsa) return signature;
  return ToFixedLength(signature, CoordinateBytes(algorithm_));
}

std::string Signer::Token(std::string_view header, std::string_view payload) const {
  const std::string input = Url(header) + "." + Url(payload);
  return input + "." + Url(Sign(input));
}

std::string Signer::Token(std::string_view payload) const {
  return Token(R"({"alg":")" + std::string(Name(algorithm_)) + R"("})", payload);
}

std::string Signer::TokenWithKid(std::string_view kid, std::string_view payload) const {
  return Token(R"({"alg":")" + std::string(Name(algorithm_)) + R"(","kid":")" + std::string(kid) + R"("})",
               payload);
}

std::string Signer::PublicPem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, key_->key);
  return TakeText(bio);
}

std::string Signer::PrivatePem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key_->key, nullptr, nullptr, 0, nullptr, nullptr);
  return TakeText(bio);
}

std::string Signer::Jwk(std::string_view kid, std::string_view more) const {
  std::string jwk = R"({"kid":")" + std::string(kid) + R"(",)";
  switch (KindOf(algorithm_)) {
    case KeyKind::kRsa:
      jwk += R"("kty":"RSA","n":")" + Url(key_->Number(OSSL_PKEY_PARAM_RSA_N)) + R"(","e":")" +
             Url(key_->Number(OSSL_PKEY_PARAM_RSA_E)) + '"';
      break;
    case KeyKind::kEcdsa: {
      const std::size_t bytes = CoordinateBytes(algorithm_);
      jwk += R"("kty":"EC","crv":")" + std::string(CurveName(algorithm_)) + R"(","x":")" +
             Url(key_->Number(OSSL_PKEY_PARAM_EC_PUB_X, bytes)) + R"(","y":")" +
             Url(key_->Number(OSSL_PKEY_PARAM_EC_PUB_Y, bytes)) + '"';
      break;
    }
    default: {
      std::string raw(32, '\0');
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(key_->key, reinterpret_cast<unsigned char*>(raw.data()), &size);
      jwk += R"("kty":"OKP","crv":"Ed25519","x":")" + Url(raw) + '"';
    }
  }
  return jwk.append(more) + "}";
}

std::string Compact(std::string_view header, std::string_view payload, std::string_view signature) {
  return Url(header) + "." + Url(payload) + "." + Url(signature);
}

std::string HmacToken(std::string_view header, std::string_view payload, std::string_view secret) {
  const std::string input = Url(header) + "." + Url(payload);
  const EVP_MD* hash = header.contains("HS512")   ? EVP_sha512()
                       : header.contains("HS384") ? EVP_sha384()
                                                  : EVP_sha256();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(hash, secret.data(), static_cast<int>(secret.size()), Bytes(input), input.size(), digest, &size);
  return input + "." + Url({reinterpret_cast<const char*>(digest), size});
}

}  // namespace tidemill::auth::testing
