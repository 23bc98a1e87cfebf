#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/json_reader.h"
#include "config/print.h"
#include "config/schema.h"
#include "config/value.h"
#include "settings/settings.h"

namespace tidemill::settings {
namespace {

using config::BoundsOf;
using config::Key;
using config::KeyDoc;
using config::Secret;
using config::SecretsIn;
using config::StoreAddress;

// Reads a text the way Load reads a file.
Result<Settings> LoadText(const std::string& text) {
  const std::string path = ::testing::TempDir() + "tidemill-print-test.toml";
  std::ofstream(path, std::ios::binary) << text;
  Result<Settings> loaded = Load({.file = path});
  remove(path.c_str());
  return loaded;
}

constexpr char kRsaKey[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjSC9J39doL08TOvrBJ4k\n"
    "iJoNhK9B8QrrBZeixqssfUGCDMYhApB5jYGcd2/I2jx6Hrg098P0sLUM6UF4zf1w\n"
    "STPGXjYoJwkJrpCVJb+sZaA0UsgyMKK3TYKaH0hOXV5KiyzSXLEwjH1lrF7tHKFk\n"
    "JC5BxqDq4kVq2miYvBXwkazBSC+Sm/0qhKIdlGtyvn4IRURWuZLhNi5eNqHyyDKZ\n"
    "czS0xuFs7w9gTjaWswDQEgigX3gcCVy8jp2X+g7q1r7uaqIRKM27t5QtTII3cSSD\n"
    "RMdE655QX0UNbmFan4bF8Ob8JcFx1KRgvpnCQaMFvnHuLGo/3GhcoP0JDHthOjes\n"
    "XwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
constexpr char kEcdsaKey[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEng73z3gUFLuv45/UtVTl7E1I6QgW\n"
    "/j/fANpqSr1XfdyYuoVW4G0/oUooio590cxQFVva+TxaP8/rntbb7Mpr+A==\n"
    "-----END PUBLIC KEY-----\n";
constexpr char kEd25519Key[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEARFU800Tw/DA2nQVFvG2gpTK7XvVDYOB+lp7hC+X8Gcs=\n"
    "-----END PUBLIC KEY-----\n";

// Another value than the default, in range.
struct Change {
  std::int64_t min;
  std::int64_t max;
  std::span<const std::string_view> choices;
  std::string_view name;

  void operator()(bool* field) const { *field = !*field; }
  void operator()(Duration* field) const { field->ms = field->ms + 1 <= max ? field->ms + 1 : field->ms - 1; }
  void operator()(std::string* field) const {
    *field = choices.empty() ? "/\"quoted\\ \tü" : std::string(choices.back());
    if (name.ends_with("redis.prefix") || name.ends_with("client_name")) *field = "word";
    if (name.ends_with("_prefix") || name == "queries.prefix") *field = "/" + std::string(name);
    if (name.ends_with("_endpoint") || name.ends_with("push.url")) *field = "https://example.com";
    if (name == "accounts.public_url") *field = "https://chat.example.com";
    if (name == "queries.live.channel_namespace") *field = "word";
    if (name.ends_with(".schedule")) *field = "@daily";
    if (name.ends_with(".zone")) *field = "Europe/Berlin";
    if (name.ends_with(".queue")) *field = "mail";
    if (name.ends_with(".type") && choices.empty()) *field = "Report";
    if (name.ends_with(".endpoint")) *field = "https://example.com/ask";
    if (name.ends_with("proxy_name")) *field = "news";
    if (name == "jobs.nodes.address") *field = "node-1.example:7418";
    if (name.ends_with("_regex")) *field = "^\\d+\"$";
    if (name.ends_with("rsa_public_key")) *field = kRsaKey;
    if (name.ends_with("ecdsa_public_key")) *field = kEcdsaKey;
    if (name.ends_with("ed25519_public_key")) *field = kEd25519Key;
  }
  void operator()(Secret* field) const {
    field->value = name == "storage.postgres.url" ? "postgres://u:hunter2@h/d" : "it's \"our secret\"";
  }
  void operator()(std::vector<std::string>* field) const {
    *field = {"a", "b \"c\""};
    if (name.ends_with("listen"))
      *field = {"127.0.0.1:" + std::to_string(name.size()),
                "unix:/b \"" + std::to_string(name.size()) + "\""};
    if (name == "jobs.nodes.listen") *field = {"127.0.0.1:7420", "[::1]:7420"};
    if (name.ends_with("transforms")) *field = {"109 401", "3500 403 log \"in\" again"};
    if (name.contains(".rate_limit.")) *field = {"20/1s", "200/1m"};
    if (name.ends_with("rpc_methods")) *field = {"set \"it\" 20/1s"};
    if (name.ends_with("_delta_types")) *field = {"fossil"};
    if (name.ends_with("_headers")) *field = {"Cookie", "X-1"};
    if (name.ends_with("_hosts")) *field = {"localhost", "*.a.com"};
    if (name.ends_with("_proxies")) *field = {"10.0.0.0/8", "unix"};
    if (name.ends_with("_origins")) *field = {"null", "http{,s}://*.a.com"};
  }
  void operator()(std::vector<StoreAddress>* field) const { *field = {{"redis://u:hunter2@h/1"}, {"h:1"}}; }
  void operator()(std::vector<Secret>* field) const {
    *field = {{"k1"}, {"k2"}};
    if (name.ends_with("push.secrets") || name.ends_with("state.secrets"))
      *field = {{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}};
  }
  void operator()(config::JsonArray* field) const {
    field->text = R"([1,"a",[true,{"b":2.5}]])";
    if (name.ends_with("status_to_code_transforms")) {
      field->text = R"([{"status_code":404,"to_error":{"code":404,"message":"a \"b\"","temporary":true}}])";
    }
  }
  void operator()(config::SecretObject* field) const { field->text = R"({"X-Key":"it's \"our secret\""})"; }
  void operator()(config::JsonObject* field) const { field->text = R"({"a \"b\"":{"c":[]},"track":1})"; }
  template <std::integral Integer>
  void operator()(Integer* field) const {
    *field = static_cast<Integer>(static_cast<std::int64_t>(*field) < max ? *field + 1 : *field - 1);
  }
};

// A namespace keeps streams or is a map, and what mirrors presence leads to a map of it.
void MakeStreams(channels::ChannelOptions& options) {
  options.subscription_type = "stream";
  options.map = {};
  options.poll = {};
  options.map_clients_presence_channel_prefix = "a.b-c_1:";
  options.map_users_presence_channel_prefix.clear();
}

void MakeMap(channels::ChannelOptions& options) {
  options.subscription_type = "map_clients";
  options.map.mode = "recoverable";
  options.poll = {};
  options.history_size = 0;
  options.history_ttl = {};
  options.force_positioning = options.allow_positioning = false;
  options.force_recovery = options.allow_recovery = false;
  options.allowed_delta_types.clear();
  options.delta_publish = false;
  options.conflate_slow_clients = false;
  options.map_clients_presence_channel_prefix.clear();
  options.map_users_presence_channel_prefix.clear();
}

// Every key with a value that is not its default, but for those that exclude each other.
Settings FullExample() {
  Settings settings;
  std::vector<Key> keys = AllSections().keys();
  for (const config::TableList& list : AllSections().tables()) {
    // A schedule and a limit are either Faktory's or ours.
    const bool is_faktory = list.key == "cron" || list.key == "throttles";
    for (const char* name : {is_faktory ? "Report" : "news", "a.b-c_1"}) {
      if (is_faktory && std::string_view(name) != "Report") continue;
      list.add(&settings, name);
      for (Key& key : list.KeysOf(name)) keys.push_back(std::move(key));
    }
  }
  for (const Key& key : keys) {
    const config::Bounds bounds = BoundsOf(key);
    std::visit(Change{bounds.min, bounds.max, key.facts.choices, key.name}, key.field(&settings));
  }
  settings.client.personal_channel_namespace = "news";
  settings.events.queue.clear();  // in place of an endpoint
  MakeStreams(settings.channel.without_namespace);
  MakeStreams(settings.channel.namespaces["news"]);
  MakeMap(settings.channel.namespaces["a.b-c_1"]);
  settings.channel.namespaces["a.b-c_1"].map.client_key.clear();
  settings.client.token.jwks_public_endpoint.clear();
  settings.client.subscription_token = {.jwks_public_endpoint = "https://example.com"};
  settings.broker.redis.cluster_address.clear();
  settings.broker.redis.sentinel_address.clear();
  settings.broker.redis.sentinel_master_name.clear();
  return settings;
}

TEST(ToToml, IsReadBackTheSame) {
  for (const Settings& settings : {Settings{}, FullExample()}) {
    const std::string text = ToToml(settings, SecretsIn::kPlain);
    SCOPED_TRACE(text);
    const Result<Settings> loaded = LoadText(text);
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_EQ(*loaded, settings);
    EXPECT_EQ(ToToml(*loaded, SecretsIn::kPlain), text);
  }
}

TEST(ToJson, IsJsonWithEveryValueOfTheExample) {
  const std::string text = ToJson(FullExample(), SecretsIn::kMasked);
  EXPECT_TRUE(JsonReader(text).Finish()) << text;
  EXPECT_FALSE(text.contains('\n'));
  EXPECT_TRUE(JsonReader(ToJson(Settings{}, SecretsIn::kPlain)).Finish());
}

TEST(ToToml, MasksSecretsAndIsThenRefused) {
  const std::string text = ToToml(FullExample(), SecretsIn::kMasked);
  EXPECT_FALSE(text.contains("secret\\\"")) << text;
  EXPECT_FALSE(text.contains("k1"));
  EXPECT_FALSE(text.contains("hunter2"));
  EXPECT_TRUE(text.contains("address = [\"redis://u:***@h/1\", \"h:1\"]\n")) << text;
  EXPECT_TRUE(text.contains("hmac_secret_key = \"***\"\n"));
  EXPECT_TRUE(text.contains("static_headers = {\"X-Key\" = \"***\"}\n")) << text;
  EXPECT_TRUE(text.contains("key = [\"***\", \"***\"]\n"));
  EXPECT_FALSE(LoadText(text));
  EXPECT_TRUE(LoadText(ToToml(Settings{}, SecretsIn::kMasked)));
}

TEST(Keys, AreDocumentedAndTheirDefaultsAccepted) {
  Settings defaults;
  for (const Key& key : AllSections().keys()) {
    SCOPED_TRACE(key.name);
    EXPECT_TRUE(key.facts.doc.ends_with('.'));
    EXPECT_TRUE(LoadText(key.name + " = " + ToToml(key.field(&defaults), SecretsIn::kPlain)));
  }
}

TEST(AllKeys, TellsWhatAPersonNeeds) {
  const std::vector<KeyDoc> keys = config::AllKeys(AllSections());
  const auto ping = std::ranges::find(keys, "client.ping_interval", &KeyDoc::name);
  ASSERT_NE(ping, keys.end());
  EXPECT_EQ(ping->type, "duration");
  EXPECT_EQ(ping->default_value, "\"25s\"");
  EXPECT_EQ(ping->range, "1s … 1h");
  EXPECT_TRUE(ping->reloadable);
  EXPECT_FALSE(std::ranges::find(keys, "loops", &KeyDoc::name)->reloadable);
  EXPECT_EQ(std::ranges::find(keys, "broker.redis.plant_bug_for_test", &KeyDoc::name), keys.end());
  EXPECT_EQ(std::ranges::find(keys, "broker.redis.address", &KeyDoc::name)->type, "list of addresses");
}

TEST(Markdown, IsWhatTheDocumentationHolds) {
  std::stringstream text;
  text << std::ifstream(TM_DOCS "/configuration.md").rdbuf();
  EXPECT_EQ(text.str(), Markdown()) << "run: tidemill config doc > docs/configuration.md";
}

}  // namespace
}  // namespace tidemill::settings
