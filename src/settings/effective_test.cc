#include "settings/effective.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/json.h"
#include "settings/settings.h"

namespace tidemill::settings {
namespace {

// What is told of a key: value, default, source, where, changed.
std::string Told(const std::string& json, std::string_view key) {
  const std::size_t at = json.find("{\"key\":\"" + std::string(key) + "\"");
  if (at == std::string::npos) return "nothing";
  const std::string entry = json.substr(at, json.find('}', at) + 1 - at);
  return entry.substr(entry.find("\"value\""));
}

TEST(Effective, SaysWhereEachValueComesFrom) {
  const std::string path = ::testing::TempDir() + "tidemill-effective-test.toml";
  std::ofstream(path) << "[client]\nping_interval = \"20s\"\n[http_api]\nkey = [\"s3cret-in-file\"]\n"
                         "[[channel.namespaces]]\nname = \"news\"\nhistory_size = 5\nhistory_ttl = \"1h\"\n";
  config::Origins origins;
  Settings base;
  base.console_enabled = true;
  const auto loaded = Load({.file = path,
                            .environment = {{"TIDEMILL_LOOPS", "3"}},
                            .flags = {{"node.name", "n1"}, {"health.enabled", "true"}}},
                           base, &origins);
  remove(path.c_str());
  ASSERT_TRUE(loaded) << loaded.error().detail;
  const std::string json = EffectiveJson(*loaded, origins, {"loops"});
  const auto ends = [](const std::string& text, std::string_view end) { return text.ends_with(end); };
  EXPECT_TRUE(ends(Told(json, "client.ping_interval"),
                   "\"source\":\"file\",\"where\":\"" + path + ":2\",\"changed\":true,\"reloadable\":true}"))
      << Told(json, "client.ping_interval");
  EXPECT_EQ(Told(json, "loops"),
            R"("value":3,"default":0,"source":"environment","where":"TIDEMILL_LOOPS","changed":true,)"
            R"("reloadable":false,"restart_needed":true})");
  EXPECT_EQ(
      Told(json, "node.name"),
      R"("value":"n1","default":"","source":"flag","where":"--node.name","changed":true,"reloadable":true})");
  EXPECT_EQ(Told(json, "health.enabled"),
            R"("value":true,"default":true,"source":"flag","where":"--health.enabled","changed":false,)"
            R"("reloadable":false})")
      << "given, and the same as the default";
  EXPECT_EQ(Told(json, "console.enabled"),
            R"("value":true,"default":false,"source":"derived","changed":true,"reloadable":false})");
  EXPECT_EQ(Told(json, "prometheus.enabled"),
            R"("value":true,"default":true,"source":"default","changed":false,"reloadable":false})");
  EXPECT_TRUE(Told(json, "channel.namespaces.news.history_size").starts_with(R"("value":5,"default":0,)"))
      << Told(json, "channel.namespaces.news.history_size");
  EXPECT_FALSE(json.contains("s3cret")) << "secrets are masked";
  JsonReader reader(json);
  reader.Skip();
  EXPECT_TRUE(reader.Finish());
}

}  // namespace
}  // namespace tidemill::settings
