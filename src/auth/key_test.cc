#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <vector>

#include "auth/hmac_key.h"
#include "auth/public_key.h"
#include "auth/testing/signer.h"
#include "base/base64.h"

namespace tidemill::auth {
namespace {

using testing::Signer;

constexpr std::array kAll = {Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512, Algorithm::kRs256,
                             Algorithm::kRs384, Algorithm::kRs512, Algorithm::kPs256, Algorithm::kPs384,
                             Algorithm::kPs512, Algorithm::kEs256, Algorithm::kEs384, Algorithm::kEs512,
                             Algorithm::kEdDsa};

std::string Decode(std::string_view text) {
  const std::optional<std::string> bytes = Base64Decode(text, Base64::kUrl);
  EXPECT_TRUE(bytes) << text;
  return bytes.value_or("");
}

// The signature changed in one bit, shortened, lengthened, emptied: none may pass.
std::vector<std::string> Spoilt(const std::string& signature) {
  std::vector<std::string> spoilt = {"",
                                     signature.substr(1),
                                     signature.substr(0, signature.size() - 1),
                                     signature + '\0',
                                     '\0' + signature,
                                     signature + signature,
                                     std::string(signature.size(), '\0'),
                                     std::string(signature.size(), '\xff')};
  for (const std::size_t at : {std::size_t{0}, signature.size() / 2, signature.size() - 1}) {
    spoilt.push_back(signature);
    spoilt.back()[at] = static_cast<char>(spoilt.back()[at] ^ 1);
  }
  return spoilt;
}

TEST(AlgorithmNamed, KnowsExactlyItsNames) {
  for (const Algorithm algorithm : kAll) EXPECT_EQ(AlgorithmNamed(Name(algorithm)), algorithm);
  for (const char* name :
       {"",    "none", "None",  "NONE",   "nOnE",   "hs256", "HS256 ",  " HS256", "HS-256", "HS25",  "HS2560",
        "RS1", "PS1",  "ps256", "PS256 ", "ES256K", "EdDsa", "Ed25519", "Ed448",  "dir",    "A128KW"}) {
    EXPECT_EQ(AlgorithmNamed(name), std::nullopt) << name;
  }
}

// RFC 7515 appendix A.1 to A.4 and RFC 8037 appendix A.4.
constexpr std::string_view kRfcClaims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

TEST(RfcExamples, Hs256) {
  const auto key = MakeHmacKey(
      Decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
  ASSERT_TRUE(key);
  const std::string input = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + std::string(kRfcClaims);
  const std::string signature = Decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  EXPECT_TRUE((*key)->Verify(Algorithm::kHs256, input, signature));
  EXPECT_EQ((*key)->Sign(Algorithm::kHs256, input), signature);
  EXPECT_FALSE((*key)->Verify(Algorithm::kHs256, input + "A", signature));
}

TEST(RfcExamples, Rs256) {
  const auto key = MakeRsaKey(Decode("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"
                                     "4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR"
                                     "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"
                                     "bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB"
                                     "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_"
                                     "I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia"
                                     "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"),
                              Decode("AQAB"), Algorithm::kRs256);
  ASSERT_TRUE(key);
  const std::string input = "eyJhbGciOiJSUzI1NiJ9." + std::string(kRfcClaims);
  const std::string signature = Decode(
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9"
      "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB"
      "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq"
      "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
  EXPECT_TRUE((*key)->Verify(Algorithm::kRs256, input, signature));
  EXPECT_FALSE((*key)->Verify(Algorithm::kRs256, input + "A", signature));
}

TEST(RfcExamples, Es256) {
  const auto key = MakeEcdsaKey("P-256", Decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                                Decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"), std::nullopt);
  ASSERT_TRUE(key);
  const std::string input = "eyJhbGciOiJFUzI1NiJ9." + std::string(kRfcClaims);
  const std::string signature =
      Decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_TRUE((*key)->Verify(Algorithm::kEs256, input, signature));
  EXPECT_FALSE((*key)->Verify(Algorithm::kEs256, input + "A", signature));
}

TEST(RfcExamples, Es512) {
  const auto key = MakeEcdsaKey(
      "P-521",
      Decode("AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk"),
      Decode("ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"),
      std::nullopt);
  ASSERT_TRUE(key);
  const std::string signature = Decode(
      "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZ"
      "goXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn");
  EXPECT_TRUE((*key)->Verify(Algorithm::kEs512, "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA", signature));
  EXPECT_FALSE((*key)->Verify(Algorithm::kEs512, "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZB", signature));
}

TEST(RfcExamples, EdDsa) {
  const auto key = MakeEd25519Key(Decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), std::nullopt);
  ASSERT_TRUE(key);
  const std::string signature =
      Decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  const std::string input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  EXPECT_TRUE((*key)->Verify(Algorithm::kEdDsa, input, signature));
  EXPECT_FALSE((*key)->Verify(Algorithm::kEdDsa, input + "A", signature));
}

// The two paddings of RSA do not pass for each other, and the salt is as long as the hash.
TEST(PublicKey, TellsPaddingsApart) {
  const Signer signer = Signer::Generate(Algorithm::kPs256);
  const auto key = ParsePublicKeyPem(signer.PublicPem(), KeyKind::kRsa);
  ASSERT_TRUE(key) << key.error().detail;
  constexpr std::array kRsa = {Algorithm::kRs256, Algorithm::kRs384, Algorithm::kRs512,
                               Algorithm::kPs256, Algorithm::kPs384, Algorithm::kPs512};
  for (const Algorithm signs : kRsa) {
    const std::string signature = signer.With(signs).Sign("input");
    for (const Algorithm checks : kRsa) {
      EXPECT_EQ((*key)->Verify(checks, "input", signature), signs == checks) << Name(signs) << Name(checks);
    }
  }
  // One in 256 begins with a zero, which must not be left out.
  std::string padded;
  for (int i = 0; i < 4000 && !padded.starts_with('\0'); ++i) padded = signer.Sign("input");
  ASSERT_TRUE(padded.starts_with('\0'));
  EXPECT_TRUE((*key)->Verify(Algorithm::kPs256, "input", padded));
  EXPECT_FALSE((*key)->Verify(Algorithm::kPs256, "input", padded.substr(1)));
  for (const int salt : {0, 20, 31, 33, 64}) {
    EXPECT_FALSE((*key)->Verify(Algorithm::kPs256, "input", signer.WithSalt(salt).Sign("input"))) << salt;
  }
  EXPECT_TRUE((*key)->Verify(Algorithm::kPs256, "input", signer.WithSalt(32).Sign("input")));
}

TEST(PublicKey, VerifiesItsOwnSignaturesOnly) {
  for (const Algorithm algorithm : kAll) {
    if (KindOf(algorithm) == KeyKind::kHmac) continue;
    SCOPED_TRACE(Name(algorithm));
    const Signer signer = Signer::Generate(algorithm);
    const auto key = ParsePublicKeyPem(signer.PublicPem(), KindOf(algorithm));
    ASSERT_TRUE(key) << key.error().detail;
    for (int i = 0; i < 20; ++i) {  // leading zeros of r and s come up by chance
      const std::string input = "input " + std::to_string(i);
      EXPECT_TRUE((*key)->Verify(algorithm, input, signer.Sign(input)));
    }
    const std::string signature = signer.Sign("input");
    EXPECT_FALSE((*key)->Verify(algorithm, "inpuT", signature));
    EXPECT_FALSE((*key)->Verify(algorithm, "", signature));
    for (const std::string& spoilt : Spoilt(signature))
      EXPECT_FALSE((*key)->Verify(algorithm, "input", spoilt));
    EXPECT_EQ(ERR_peek_error(), 0u) << "a failure must not stay in the thread's queue, which TLS reads";
  }
}

TEST(PublicKey, FitsWhatItsKindAndCurveAllow) {
  for (const Algorithm algorithm : kAll) {
    if (KindOf(algorithm) == KeyKind::kHmac) continue;
    SCOPED_TRACE(Name(algorithm));
    const auto key = ParsePublicKeyPem(Signer::Generate(algorithm).PublicPem(), KindOf(algorithm));
    ASSERT_TRUE(key);
    for (const Algorithm other : kAll) {
      const bool fits =
          KindOf(algorithm) == KeyKind::kRsa ? KindOf(other) == KeyKind::kRsa : other == algorithm;
      EXPECT_EQ((*key)->Fits(other), fits) << Name(other);
    }
  }
}

TEST(PublicKey, EcdsaRefusesZeroAndDer) {
  const Signer signer = Signer::Generate(Algorithm::kEs256);
  const auto key = ParsePublicKeyPem(signer.PublicPem(), KeyKind::kEcdsa);
  ASSERT_TRUE(key);
  const std::string good = signer.Sign("input");
  const std::string zero(32, '\0');
  // The order of P-256: r or s must be below it.
  const std::string order = Decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
  const std::string r = good.substr(0, 32);
  const std::string s = good.substr(32);
  for (const std::string& bad : {zero + zero, zero + s, r + zero, order + s, r + order, order + order}) {
    EXPECT_FALSE((*key)->Verify(Algorithm::kEs256, "input", bad));
  }
  EXPECT_FALSE((*key)->Verify(Algorithm::kEs256, "input", "\x30\x06\x02\x01\x01\x02\x01\x01"));
  EXPECT_TRUE((*key)->Verify(Algorithm::kEs256, "input", good));
}

TEST(ParsePublicKeyPem, RefusesWhatIsNoKeyOfTheKind) {
  const Signer rsa = Signer::Generate(Algorithm::kRs256);
  const Signer ecdsa = Signer::Generate(Algorithm::kEs256);
  const Signer ed25519 = Signer::Generate(Algorithm::kEdDsa);
  const std::string pem = rsa.PublicPem();
  struct Case {
    const char* name;
    std::string pem;
    KeyKind kind;
  };
  const Case cases[] = {
      {"empty", "", KeyKind::kRsa},
      {"text", "secret", KeyKind::kRsa},
      {"private RSA", rsa.PrivatePem(), KeyKind::kRsa},
      {"private Ed25519", ed25519.PrivatePem(), KeyKind::kEd25519},
      {"RSA as ECDSA", pem, KeyKind::kEcdsa},
      {"RSA as Ed25519", pem, KeyKind::kEd25519},
      {"ECDSA as RSA", ecdsa.PublicPem(), KeyKind::kRsa},
      {"Ed25519 as ECDSA", ed25519.PublicPem(), KeyKind::kEcdsa},
      {"RSA of 1024 bits", Signer::Generate(Algorithm::kRs256, 1024).PublicPem(), KeyKind::kRsa},
      {"cut", pem.substr(0, pem.size() / 2), KeyKind::kRsa},
      {"no end", pem.substr(0, pem.find("-----END")), KeyKind::kRsa},
      {"no line ends", "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----", KeyKind::kRsa},
      {"encrypted",
       "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
       "00000000000000000000000000000000\n\nAAAA\n-----END PUBLIC KEY-----\n",
       KeyKind::kRsa},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto key = ParsePublicKeyPem(c.pem, c.kind);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Errc::kInvalidArgument);
    EXPECT_FALSE(key.error().detail.empty());
  }
  EXPECT_TRUE(ParsePublicKeyPem("\n  " + pem + "\n", KeyKind::kRsa)) << "blanks around it are fine";
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(ParsePublicKeyPem, RefusesOtherCurves) {
  for (const char* curve : {"secp256k1", "P-224", "brainpoolP256r1"}) {
    SCOPED_TRACE(curve);
    EVP_PKEY* key = EVP_EC_gen(curve);
    ASSERT_NE(key, nullptr);
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    EXPECT_FALSE(ParsePublicKeyPem({data, static_cast<std::size_t>(size)}, KeyKind::kEcdsa));
    BIO_free(bio);
    EVP_PKEY_free(key);
  }
}

TEST(MakeRsaKey, RefusesWeakNumbers) {
  const std::string modulus(256, '\xff');
  EXPECT_TRUE(MakeRsaKey(modulus, std::string("\x01\x00\x01", 3), std::nullopt));
  EXPECT_TRUE(MakeRsaKey(modulus, "\x03", std::nullopt));
  struct Case {
    const char* name;
    std::string modulus, exponent;
  };
  const Case cases[] = {
      {"exponent 1", modulus, "\x01"},
      {"exponent 0", modulus, std::string(1, '\0')},
      {"even exponent", modulus, "\x04"},
      {"no exponent", modulus, ""},
      {"exponent of 9 bytes", modulus, std::string(9, '\x01')},
      {"no modulus", "", "\x03"},
      {"2040 bits", std::string(255, '\xff'), "\x03"},
      {"2040 bits behind a zero", '\0' + std::string(255, '\xff'), "\x03"},
      {"modulus over 8192 bits", std::string(1025, '\xff'), "\x03"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto key = MakeRsaKey(c.modulus, c.exponent, std::nullopt);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Errc::kInvalidArgument);
  }
}

TEST(MakeEcdsaKey, RefusesPointsThatAreNotOnTheCurve) {
  const std::string x = Decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
  const std::string y = Decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  EXPECT_TRUE(MakeEcdsaKey("P-256", x, y, Algorithm::kEs256));
  struct Case {
    const char* name;
    std::string curve, x, y;
  };
  const Case cases[] = {
      {"swapped", "P-256", y, x},
      {"zero", "P-256", std::string(32, '\0'), std::string(32, '\0')},
      {"too large", "P-256", std::string(32, '\xff'), y},
      {"short x", "P-256", x.substr(1), y},
      {"long y", "P-256", x, '\0' + y},
      {"empty", "P-256", "", ""},
      {"other curve", "P-384", x, y},
      {"unknown curve", "secp256k1", x, y},
      {"no curve", "", x, y},
      {"OpenSSL's name", "prime256v1", x, y},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto key = MakeEcdsaKey(c.curve, c.x, c.y, std::nullopt);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Errc::kInvalidArgument);
  }
  EXPECT_FALSE(MakeEcdsaKey("P-256", x, y, Algorithm::kEs384)) << "alg must fit the curve";
}

TEST(MakeEd25519Key, WantsThirtyTwoBytes) {
  EXPECT_TRUE(MakeEd25519Key(std::string(32, '\x07'), std::nullopt));
  EXPECT_FALSE(MakeEd25519Key(std::string(31, '\x07'), std::nullopt));
  EXPECT_FALSE(MakeEd25519Key(std::string(33, '\x07'), std::nullopt));
  EXPECT_FALSE(MakeEd25519Key("", std::nullopt));
  EXPECT_FALSE(MakeEd25519Key(std::string(32, '\x07'), Algorithm::kEs256));
}

TEST(HmacKey, EachMessageStartsAnew) {
  const auto key = MakeHmacKey("secret");
  ASSERT_TRUE(key);
  for (const Algorithm algorithm : {Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512}) {
    SCOPED_TRACE(Name(algorithm));
    const std::string first = (*key)->Sign(algorithm, "one");
    const std::string second = (*key)->Sign(algorithm, "two");
    EXPECT_NE(first, second);
    EXPECT_EQ((*key)->Sign(algorithm, "one"), first);
    EXPECT_TRUE((*key)->Verify(algorithm, "two", second));
    EXPECT_FALSE((*key)->Verify(algorithm, "one", second));
    for (const std::string& spoilt : Spoilt(first)) EXPECT_FALSE((*key)->Verify(algorithm, "one", spoilt));
  }
}

TEST(HmacKey, RefusesPublicKeysAsSecrets) {
  const std::string pem = Signer::Generate(Algorithm::kEs256).PublicPem();
  for (const std::string& secret : {pem, " " + pem, "\n\t\r " + pem, "\xef\xbb\xbf" + pem, pem + "\n",
                                    pem.substr(0, 40), '\0' + pem, std::string()}) {
    const auto key = MakeHmacKey(secret);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Errc::kInvalidArgument);
  }
}

}  // namespace
}  // namespace tidemill::auth
