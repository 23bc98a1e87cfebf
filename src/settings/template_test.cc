#include "settings/template.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/result.h"
#include "config/print.h"
#include "config/schema.h"
#include "settings/settings.h"

namespace tidemill::settings {
namespace {

Result<Settings> LoadText(const std::string& text) {
  const std::string path = ::testing::TempDir() + "tidemill-template-test.toml";
  std::ofstream(path, std::ios::binary) << text;
  Result<Settings> loaded = Load({.file = path});
  remove(path.c_str());
  return loaded;
}

// With the lines in that are commented out: a '#' that no blank follows.
std::string Uncommented(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = i == 0 || text[i - 1] == '\n';
    if (begins && text[i] == '#' && i + 1 < text.size() && text[i + 1] != ' ') continue;
    out += text[i];
  }
  return out;
}

TEST(DefaultToml, IsReadBackAsTheDefaults) {
  const Result<Settings> loaded = LoadText(DefaultToml());
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(*loaded, Settings{});
}

TEST(DefaultToml, SaysOfEverySettingWhatItMeans) {
  const std::string text = DefaultToml();
  for (const config::KeyDoc& key : config::AllKeys(AllSections())) {
    EXPECT_TRUE(text.contains("\n# " + key.doc + "\n# " + key.type)) << key.name;
  }
  EXPECT_TRUE(text.contains("\n# duration, 1s … 1h ↻\nping_interval = \"25s\"\n")) << text;
  EXPECT_FALSE(text.contains("_for_test"));
}

TEST(DefaultToml, ExampleOfANamespaceIsAccepted) {
  const Result<Settings> loaded = LoadText(Uncommented(DefaultToml()));
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(loaded->channel.namespaces.at("chat").history_size, 100u);
}

TEST(StarterToml, IsAcceptedWithItsSecretsAndExamples) {
  const std::string text = StarterToml({.token_key = "abc", .api_key = "def"});
  for (const std::string& form : {text, Uncommented(text)}) {
    const Result<Settings> loaded = LoadText(form);
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_EQ(loaded->client.token.hmac_secret_key.value, "abc");
    ASSERT_EQ(loaded->http_api.keys.size(), 1u);
    EXPECT_EQ(loaded->http_api.keys.front().value, "def");
    EXPECT_TRUE(loaded->channel.namespaces.at("chat").allow_subscribe_for_client);
  }
  EXPECT_EQ(LoadText(Uncommented(text))->client.allowed_origins.size(), 2u);
}

}  // namespace
}  // namespace tidemill::settings
