#include "auth/public_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"

namespace tidemill::auth {
namespace {

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;
constexpr std::size_t kEd25519Bytes = 32;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// OpenSSL's error queue belongs to the thread, and TLS reads it too: errors from here must not stay in it.
struct ErrorQueueGuard {
  ErrorQueueGuard() = default;
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
  ~ErrorQueueGuard() { ERR_clear_error(); }
};

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct Curve {
  std::string_view jwk_name;
  const char* openssl_name;
  Algorithm algorithm;
  std::size_t coordinate_bytes;
};
constexpr std::array kCurves = {
    Curve{"P-256", "prime256v1", Algorithm::kEs256, 32},
    Curve{"P-384", "secp384r1", Algorithm::kEs384, 48},
    Curve{"P-521", "secp521r1", Algorithm::kEs512, 66},
};

// A JWT has r and s of ECDSA at full length; OpenSSL takes them as DER. Empty when they cannot be valid.
std::string ToDer(std::string_view signature, std::size_t coordinate_bytes) {
  if (signature.size() != 2 * coordinate_bytes) return {};
  const int length = static_cast<int>(coordinate_bytes);
  Owned<BIGNUM> r(BN_bin2bn(Bytes(signature), length, nullptr));
  Owned<BIGNUM> s(BN_bin2bn(Bytes(signature.substr(coordinate_bytes)), length, nullptr));
  const Owned<ECDSA_SIG> pair(ECDSA_SIG_new());
  TM_ASSERT(r != nullptr && s != nullptr && pair != nullptr);
  if (BN_is_zero(r.get()) || BN_is_zero(s.get())) return {};
  TM_ASSERT(ECDSA_SIG_set0(pair.get(), r.release(), s.release()) == 1);
  const int size = i2d_ECDSA_SIG(pair.get(), nullptr);
  if (size <= 0) return {};
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(pair.get(), &out);
  return der;
}

class OpenSslKey final : public PublicKey {
 public:
  struct Use {
    KeyKind kind;
    const Curve* curve = nullptr;  // ECDSA
    std::optional<Algorithm> only = std::nullopt;
  };

  OpenSslKey(Owned<EVP_PKEY> key, Use use) : key_(std::move(key)), use_(use) {}

  bool Fits(Algorithm algorithm) const override {
    return KindOf(algorithm) == use_.kind && (use_.curve == nullptr || use_.curve->algorithm == algorithm) &&
           (!use_.only || *use_.only == algorithm);
  }

  bool Verify(Algorithm algorithm, std::string_view input, std::string_view signature) const override {
    TM_ASSERT(Fits(algorithm));
    if (use_.kind == KeyKind::kRsa && !IsWhole(signature)) return false;
    if (use_.curve == nullptr) return VerifyRaw(algorithm, input, signature);
    const std::string der = ToDer(signature, use_.curve->coordinate_bytes);
    return !der.empty() && VerifyRaw(algorithm, input, der);
  }

 private:
  bool VerifyRaw(Algorithm algorithm, std::string_view input, std::string_view signature) const {
    const ErrorQueueGuard guard;
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    TM_ASSERT(context != nullptr);
    const char* hash = use_.kind == KeyKind::kEd25519 ? nullptr : HashOf(algorithm);
    EVP_PKEY_CTX* use = nullptr;  // the context's
    return EVP_DigestVerifyInit_ex(context.get(), &use, hash, nullptr, nullptr, key_.get(), nullptr) == 1 &&
           (!IsPss(algorithm) || ExpectPss(use)) &&
           EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(input), input.size()) ==
               1;
  }

  // RFC 8017 section 8.1.2: as long as the modulus. OpenSSL takes one without its leading zeros for PSS.
  bool IsWhole(std::string_view signature) const {
    return signature.size() == static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
  }

  // MGF1 takes the hash of the signature by itself.
  static bool ExpectPss(EVP_PKEY_CTX* use) {
    return EVP_PKEY_CTX_set_rsa_padding(use, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(use, RSA_PSS_SALTLEN_DIGEST) == 1;
  }

  const Owned<EVP_PKEY> key_;
  const Use use_;
};

Result<void> CheckRsa(EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
    return Fail(Errc::kInvalidArgument,
                "an RSA key must have 2048 to 8192 bits, this one has " + std::to_string(bits));
  }
  BIGNUM* raw = nullptr;
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &raw);
  const Owned<BIGNUM> exponent(raw);
  if (exponent == nullptr || !BN_is_odd(exponent.get()) || BN_is_one(exponent.get())) {
    return Fail(Errc::kInvalidArgument, "an RSA key's exponent must be odd and above 1");
  }
  return {};
}

const Curve* CurveOf(EVP_PKEY* key) {
  char name[32] = "";
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key, name, sizeof(name), &length) != 1) return nullptr;
  const auto found = std::ranges::find(kCurves, std::string_view(name), &Curve::openssl_name);
  return found == kCurves.end() ? nullptr : &*found;
}

KeyKind KindOfKey(EVP_PKEY* key, KeyKind otherwise) {
  if (EVP_PKEY_is_a(key, "RSA")) return KeyKind::kRsa;
  if (EVP_PKEY_is_a(key, "EC")) return KeyKind::kEcdsa;
  if (EVP_PKEY_is_a(key, "ED25519")) return KeyKind::kEd25519;
  return otherwise;
}

// Makes every key, whatever its source.
Result<PublicKeyPtr> Wrap(Owned<EVP_PKEY> key, KeyKind kind, std::optional<Algorithm> only) {
  OpenSslKey::Use use{.kind = kind, .only = only};
  if (kind == KeyKind::kRsa) TM_TRY(CheckRsa(key.get()));
  if (kind == KeyKind::kEcdsa) {
    use.curve = CurveOf(key.get());
    if (use.curve == nullptr) {
      return Fail(Errc::kInvalidArgument, "an ECDSA key must be on P-256, P-384 or P-521, named");
    }
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    if (EVP_PKEY_public_check(context.get()) != 1) {
      return Fail(Errc::kInvalidArgument, "an ECDSA key's point must be on its curve");
    }
  }
  auto made = std::make_shared<OpenSslKey>(std::move(key), use);
  if (only && !made->Fits(*only)) {
    return Fail(Errc::kInvalidArgument, "the key cannot be used with " + std::string(Name(*only)));
  }
  return made;
}

Owned<EVP_PKEY> FromParams(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params != nullptr && context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1) {
    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get());
  }
  return Owned<EVP_PKEY>(key);
}

std::string_view KindName(KeyKind kind) {
  switch (kind) {
    case KeyKind::kHmac: return "HMAC";
    case KeyKind::kRsa: return "RSA";
    case KeyKind::kEcdsa: return "ECDSA";
    case KeyKind::kEd25519: return "Ed25519";
  }
  return "";
}

}  // namespace

Result<PublicKeyPtr> ParsePublicKeyPem(std::string_view pem, KeyKind kind) {
  const ErrorQueueGuard guard;
  const std::string wanted = "PEM of an " + std::string(KindName(kind)) + " public key";
  if (pem.contains("PRIVATE KEY-----")) {
    return Fail(Errc::kInvalidArgument, "expected the " + wanted + ", this is a private one");
  }
  // OpenSSL wants the first dash at the start of a line.
  pem.remove_prefix(std::min(pem.find_first_not_of(" \t\r\n"), pem.size()));
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  TM_ASSERT(bio != nullptr);
  // Without this OpenSSL would ask the terminal for the password of a block that says it is encrypted.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  Owned<EVP_PKEY> key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr));
  if (key == nullptr || KindOfKey(key.get(), KeyKind::kHmac) != kind) {
    return Fail(Errc::kInvalidArgument, "expected the " + wanted + " (-----BEGIN PUBLIC KEY-----)");
  }
  return Wrap(std::move(key), kind, std::nullopt);
}

Result<PublicKeyPtr> MakeRsaKey(std::string_view modulus, std::string_view exponent,
                                std::optional<Algorithm> only) {
  const ErrorQueueGuard guard;
  // Bounds the work before OpenSSL sees the numbers.
  if (modulus.size() > kRsaBitsMax / 8 || exponent.size() > 8) {
    return Fail(Errc::kInvalidArgument, "an RSA key's modulus or exponent is too long");
  }
  const Owned<BIGNUM> n(BN_bin2bn(Bytes(modulus), static_cast<int>(modulus.size()), nullptr));
  const Owned<BIGNUM> e(BN_bin2bn(Bytes(exponent), static_cast<int>(exponent.size()), nullptr));
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  Owned<EVP_PKEY> key = FromParams("RSA", builder.get());
  if (key == nullptr) return Fail(Errc::kInvalidArgument, "the numbers make no RSA key");
  return Wrap(std::move(key), KeyKind::kRsa, only);
}

Result<PublicKeyPtr> MakeEcdsaKey(std::string_view curve, std::string_view x, std::string_view y,
                                  std::optional<Algorithm> only) {
  const ErrorQueueGuard guard;
  const auto found = std::ranges::find(kCurves, curve, &Curve::jwk_name);
  if (found == kCurves.end()) return Fail(Errc::kInvalidArgument, "an ECDSA key's curve is not known");
  if (x.size() != found->coordinate_bytes || y.size() != found->coordinate_bytes) {
    return Fail(Errc::kInvalidArgument, "an ECDSA key's coordinates are not of its curve's length");
  }
  std::string point = "\x04";  // uncompressed
  point.append(x).append(y);
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, found->openssl_name, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  Owned<EVP_PKEY> key = FromParams("EC", builder.get());
  if (key == nullptr) return Fail(Errc::kInvalidArgument, "an ECDSA key's point must be on its curve");
  return Wrap(std::move(key), KeyKind::kEcdsa, only);
}

Result<PublicKeyPtr> MakeEd25519Key(std::string_view x, std::optional<Algorithm> only) {
  const ErrorQueueGuard guard;
  if (x.size() != kEd25519Bytes) return Fail(Errc::kInvalidArgument, "an Ed25519 key must have 32 bytes");
  Owned<EVP_PKEY> key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, Bytes(x), x.size()));
  if (key == nullptr) return Fail(Errc::kInvalidArgument, "the bytes make no Ed25519 key");
  return Wrap(std::move(key), KeyKind::kEd25519, only);
}

}  // namespace tidemill::auth
