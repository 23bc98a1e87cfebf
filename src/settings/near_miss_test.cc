// What is said of a file that is nearly right.
#include <gtest/gtest.h>

#include <fstream>

#include "settings/settings.h"

namespace tidemill::settings {
namespace {

struct BadText {
  std::string_view text;
  std::string_view message;
};

// The detail of the error, with the short name of the file.
std::string Why(std::string_view text) {
  const std::string folder = ::testing::TempDir();
  const std::string path = folder + "near-miss-test.toml";
  std::ofstream(path, std::ios::binary) << text;
  const Result<Settings> loaded = Load({.file = path});
  remove(path.c_str());
  if (loaded) return "";
  std::string why = loaded.error().detail;
  while (why.contains(path)) why.replace(why.find(path), path.size(), "tidemill.toml");
  return why;
}

TEST(NearMiss, SaysWhatIsNotToml) {
  const BadText cases[] = {
      {"[client\nx = 1",
       "tidemill.toml:1:8: not TOML: Error while parsing table header: expected ']', saw '\\n'"},
      {"client.insecure = True",
       "tidemill.toml:1:19: not TOML: Error while parsing boolean: expected 'true', saw 'T'"},
      {"client.insecure = yes",
       "tidemill.toml:1:19: not TOML: Error while parsing value: could not determine value type"},
      {"loops = 1 2",
       "tidemill.toml:1:11: not TOML: Error while parsing key-value pair: expected a comment or whitespace, "
       "saw '2'"},
      {"log.level = \"\\q\"",
       "tidemill.toml:1:15: not TOML: Error while parsing string: unknown escape sequence '\\q'"},
      {"loops = 1\nloops = 2",
       "tidemill.toml:2:9: not TOML: Error while parsing key-value pair: cannot redefine existing integer "
       "'loops'"},
      {"# for production\nclient:\n  insecure: true",
       "tidemill.toml:2:7: not TOML: Error while parsing key-value pair: expected '=', saw ':'; this looks "
       "like YAML, "
       "which is not read; in TOML it is [section] and key = value"},
      {"---\nloops: 2",
       "tidemill.toml:1:4: not TOML: Error while parsing key-value pair: expected '=', saw '\\n'; this looks "
       "like "
       "YAML, which is not read; in TOML it is [section] and key = value"},
      {"loops: 2",
       "tidemill.toml:1:6: not TOML: Error while parsing key-value pair: expected '=', saw ':'; this looks "
       "like YAML, "
       "which is not read; in TOML it is [section] and key = value"},
      {"{\"loops\": 2}",
       "tidemill.toml:1:1: not TOML: Error while parsing root table: expected keys, tables, whitespace or "
       "comments, "
       "saw '{'; this looks like JSON, which is not read"},
  };
  for (const BadText& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Why(c.text), c.message);
  }
}

TEST(NearMiss, FindsWhereAKeyBelongs) {
  const BadText cases[] = {
      {"[[namespaces]]\nname = \"chat\"",
       "tidemill.toml:1: namespaces: unknown; did you mean channel.namespaces?"},
      {"[[namespace]]\nname = \"chat\"",
       "tidemill.toml:1: namespace: unknown; did you mean channel.namespaces?"},
      {"[[channel.namespace]]\nname = \"chat\"",
       "tidemill.toml:1: channel.namespace: unknown; did you mean channel.namespaces?"},
      {"[channel]\nallow_subscribe_for_client = true",
       "tidemill.toml:2: channel.allow_subscribe_for_client: unknown; did you mean "
       "channel.without_namespace.allow_subscribe_for_client?"},
      {"[channel.chat]\nhistory_size = 1",
       "tidemill.toml:2: channel.chat.history_size: unknown; did you mean "
       "channel.without_namespace.history_size?"},
      {"[[channel.namespaces]]\nname = \"chat\"\nhistroy_size = 1",
       "tidemill.toml:3: channel.namespaces.chat.histroy_size: unknown; did you mean "
       "channel.namespaces.chat.history_size?"},
      {"[[channel.namespaces]]\nname = \"chat\"\nproxy_subscribe = true",
       "tidemill.toml:3: channel.namespaces.chat.proxy_subscribe: unknown; `tidemill config doc` lists all "
       "settings"},
      {"[token]\nhmac_secret_key = \"x\"",
       "tidemill.toml:2: token.hmac_secret_key: unknown; did you mean client.token.hmac_secret_key?"},
      {"[client]\nlisten = [\":1\"]",
       "tidemill.toml:2: client.listen: unknown; did you mean http_server.listen?"},
  };
  for (const BadText& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Why(c.text), c.message);
  }
}

TEST(NearMiss, InFlagsAndTheEnvironment) {
  const auto why = [](const config::Sources& sources) {
    const Result<Settings> loaded = Load(sources);
    return loaded ? "" : loaded.error().detail;
  };
  EXPECT_EQ(why({.flags = {{"channel.namespaces.chat.histroy_size", "1"}}}),
            "--channel.namespaces.chat.histroy_size: unknown; did you mean "
            "--channel.namespaces.chat.history_size?");
  EXPECT_EQ(why({.flags = {{"channel.chat.histroy_size", "1"}}}),
            "--channel.chat.histroy_size: unknown; did you mean --channel.without_namespace.history_size?");
  EXPECT_EQ(why({.environment = {{"TIDEMILL_CHANNEL_NAMESPACES", "chat"},
                                 {"TIDEMILL_CHANNEL_NAMESPACES_CHAT_HISTORY_SIZ", "1"}}}),
            "TIDEMILL_CHANNEL_NAMESPACES_CHAT_HISTORY_SIZ: unknown; did you mean "
            "TIDEMILL_CHANNEL_NAMESPACES_CHAT_HISTORY_SIZE?");
  EXPECT_EQ(why({.environment = {{"TIDEMILL_CLIENT_PING_INTERVALL", "1s"}}}),
            "TIDEMILL_CLIENT_PING_INTERVALL: unknown; did you mean TIDEMILL_CLIENT_PING_INTERVAL?");
}

}  // namespace
}  // namespace tidemill::settings
