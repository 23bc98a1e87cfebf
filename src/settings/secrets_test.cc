// Keys and secrets that are not text in the configuration itself: files, base64.
#include <gtest/gtest.h>

#include "settings/settings.h"
#include "settings/testing/settings_test.h"

namespace tidemill::settings {
namespace {

using namespace std::string_view_literals;

class SecretsTest : public testing::SettingsTest {};

TEST_F(SecretsTest, ReadsPublicKeysFromTextOrFile) {
  constexpr std::string_view kPem =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEARFU800Tw/DA2nQVFvG2gpTK7XvVDYOB+lp7hC+X8Gcs=\n"
      "-----END PUBLIC KEY-----\n";
  Write("key.pem", kPem);
  Write("other.txt", "hello");
  Write("private.pem", "-----BEGIN RSA PRIVATE KEY-----\nx\n");
  const auto load = [](std::string value) {
    return Load({.flags = {{"client.token.ed25519_public_key", std::move(value)}}});
  };
  EXPECT_EQ(load("key.pem").value().client.token.ed25519_public_key, kPem);
  EXPECT_EQ(load(std::string(kPem)).value().client.token.ed25519_public_key, kPem);
  EXPECT_EQ(Why(load("missing.pem")),
            "--client.token.ed25519_public_key = \"missing.pem\": no such file; give the text of a PEM, or "
            "the path "
            "of a file with it");
  EXPECT_EQ(Why(load("other.txt")),
            "--client.token.ed25519_public_key = \"other.txt\": a file without a PEM in it");
  EXPECT_EQ(
      Why(load("private.pem")),
      "--client.token.ed25519_public_key = \"private.pem\": a private key; only the public one belongs here");
}

TEST_F(SecretsTest, ReadsSecretsFromTextFileOrBase64) {
  Write("line.txt", "from a file\n");
  Write("bytes.bin", "\xff\x00\n"sv);
  Write("empty.txt", "\n");
  const auto load = [](const std::string& key, std::string value) {
    return Load({.flags = {{key, std::move(value)}}});
  };
  const std::string hmac = "client.token.hmac_secret_key";
  const std::pair<std::string, std::string_view> good[] = {
      {"text", "text"},
      {"file:line.txt", "from a file"},
      {"file:bytes.bin", "\xff\x00\n"sv},
      {"base64:/wD+", "\xff\x00\xfe"sv},
      {"base64:_wD-", "\xff\x00\xfe"sv},
      {"base64:YQ==", "a"},
      {"base64:YQ", "a"},
      {"base64", "base64"},
  };
  for (const auto& [given, secret] : good) {
    const Result<Settings> loaded = load(hmac, given);
    ASSERT_TRUE(loaded) << given << ": " << loaded.error().detail;
    EXPECT_EQ(loaded->client.token.hmac_secret_key.value, secret) << given;
    // What is printed in plain is read back the same.
    Write("printed.toml", ToToml(*loaded, config::SecretsIn::kPlain));
    EXPECT_EQ(Load({.file = "printed.toml"}).value(), *loaded);
  }
  EXPECT_EQ(load("http_api.key", "file:line.txt k2").value().http_api.keys,
            (std::vector<config::Secret>{{"from a file"}, {"k2"}}));
  EXPECT_EQ(load("http_api.key", "base64:YQ==").value().http_api.keys,
            std::vector<config::Secret>{{"base64:YQ=="}})
      << "a key that is sent in a header is text";
  EXPECT_EQ(load("broker.redis.password", "file:line.txt").value().broker.redis.password.value,
            "from a file");
  const std::pair<std::string, std::string_view> bad[] = {{"file:", "no such file"},
                                                          {"file:none.txt", "none.txt: no such file"},
                                                          {"file:.", "is a directory"},
                                                          {"file:empty.txt", "empty.txt: nothing is in it"},
                                                          {"base64:", "not base64 behind"},
                                                          {"base64:?", "not base64 behind"},
                                                          {"***", "the mask"},
                                                          {"\xff", "not UTF-8"}};
  for (const auto& [given, why] : bad) {
    const std::string said = Why(load(hmac, given));
    EXPECT_TRUE(said.starts_with("--client.token.hmac_secret_key = ***: ") && said.contains(why)) << said;
  }
  EXPECT_TRUE(Why(load("http_api.key", "file:bytes.bin")).contains("holds a control byte"));
}

}  // namespace
}  // namespace tidemill::settings
