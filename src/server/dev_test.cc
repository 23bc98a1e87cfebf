#include "server/dev.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temporary_folder.h"
#include "http/origin.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

// What is in force with these flags, and with this file if it is not empty.
struct Dev {
  explicit Dev(config::Sources sources) : base(DevSettings(sources)) {
    auto loaded = settings::Load(sources, base);
    EXPECT_TRUE(loaded) << loaded.error().detail;
    settings = *std::move(loaded);
  }

  std::string Text() const {
    return ToText(DevPage(base, settings)
                      .Welcome({*net::ListenAddress::Parse("127.0.0.1:8000")},
                               {*net::ListenAddress::Parse("127.0.0.1:7419")}));
  }
  bool Allows(std::string_view origin, std::string_view host = "127.0.0.1:8000") const {
    return http::OriginAllowed(origin, host, settings.client.allowed_origins);
  }

  settings::Settings base;
  settings::Settings settings;
};

TEST(Dev, LetsPagesOfThisMachineIn) {
  const Dev dev({});
  for (const char* page : {"http://localhost:5173", "http://127.0.0.1:3000", "http://[::1]:1",
                           "https://localhost", "http://127.0.0.1:8000"}) {
    EXPECT_TRUE(dev.Allows(page)) << page;
  }
  EXPECT_FALSE(dev.Allows("http://evil.example:8000", "evil.example:8000")) << "a name that leads here";
  EXPECT_TRUE(dev.Text().contains("Pages of localhost, on any port, may connect too.\n"));
}

TEST(Dev, OnAnOpenPortLetsOnlyItsOwnPagesIn) {
  const Dev dev({.flags = {{"http_server.listen", ":8000"}}});
  EXPECT_TRUE(dev.Allows("http://10.0.0.7:8000", "10.0.0.7:8000"));
  EXPECT_FALSE(dev.Allows("http://localhost:5173"));
  EXPECT_FALSE(dev.Text().contains("any port"));
  EXPECT_TRUE(Dev({.flags = {{"client.allowed_origins", "http://a"}}}).Allows("http://a"));
}

TEST(Dev, WelcomesWithTheKeysInForce) {
  const Dev dev({});
  EXPECT_TRUE(dev.Text().contains("-H 'X-API-Key: " + dev.settings.http_api.keys.front().value + "'"));
  EXPECT_TRUE(dev.Text().contains("Keys are new at every start"));
  EXPECT_FALSE(dev.Text().contains("…"));
  EXPECT_TRUE(dev.Text().contains("\ntidemill tail demo:chat\n")) << dev.Text();
}

TEST(Dev, PrintsALinkToTheConsole) {
  const Dev own({.flags = {{"http_api.key", "key+/"}}});
  EXPECT_TRUE(own.Text().contains(": http://127.0.0.1:8000/console/#key=key%2B%2F\n")) << own.Text();
  const Dev open({.flags = {{"http_api.insecure", "true"}}});
  EXPECT_TRUE(open.Text().contains(": http://127.0.0.1:8000/console/\n")) << open.Text();
  EXPECT_FALSE(Dev({.flags = {{"console.enabled", "false"}}}).Text().contains("/console/"));
}

TEST(Dev, SaysWhereTheChatIs) {
  EXPECT_TRUE(Dev({}).Text().contains("The chat of your team: http://127.0.0.1:8000/chat/\n"));
  EXPECT_FALSE(Dev({.flags = {{"chat.enabled", "false"}}}).Text().contains("/chat/"));
  const std::string link = "http://127.0.0.1:8000/chat/#/setup?token=T";
  EXPECT_TRUE(ToText({.chat = "http://127.0.0.1:8000/chat/", .owner_link = link})
                  .contains("A chat for your team, whose owner you become here: " + link + "\n"));
}

TEST(Dev, PrintsALinkToTheDashboards) {
  const Dev dev({.flags = {{"queries.folder", "queries"}}});
  EXPECT_TRUE(dev.Text().contains(": http://127.0.0.1:8000/dash/#token=ey")) << dev.Text();
  EXPECT_FALSE(Dev({}).Text().contains("/dash/"));
}

TEST(Dev, WithAFileKeepsItsKeysAndTheDemoNamespace) {
  const std::string path = ::testing::TempDir() + "tidemill-dev-test.toml";
  std::ofstream(path) << "[http_api]\nkey = [\"mine\"]\n[client.token]\nhmac_secret_key = \"k\"\n";
  const Dev both({.file = path});
  EXPECT_TRUE(both.Text().contains("'X-API-Key: mine'")) << both.Text();
  EXPECT_TRUE(both.Text().contains("Keys are those of your configuration.\n")) << both.Text();
  EXPECT_TRUE(both.settings.channel.namespaces.at("demo").allow_subscribe_for_client);
  EXPECT_FALSE(both.settings.channel.without_namespace.allow_subscribe_for_client);
  std::ofstream(path) << "[http_api]\nkey = [\"mine\"]\n";
  EXPECT_TRUE(Dev({.file = path}).Text().contains("the key of tokens is new at every start"));
  remove(path.c_str());
}

TEST(Dev, SaysHowToPushAJobAndWorkOnIt) {
  const Dev dev({});
  EXPECT_TRUE(dev.settings.jobs.enabled);
  EXPECT_TRUE(dev.Text().contains("export FAKTORY_URL=tcp://127.0.0.1:7419\n")) << dev.Text();
  const Dev secret({.flags = {{"jobs.faktory.password", "mine"}}});
  EXPECT_TRUE(secret.Text().contains("tcp://:PASSWORD@127.0.0.1:7419\n")) << secret.Text();
}

// A folder that this process is in while it lives.
struct InFolder {
  InFolder() { std::filesystem::current_path(folder.path()); }
  ~InFolder() { std::filesystem::current_path(before); }

  const std::filesystem::path before = std::filesystem::current_path();
  const tidemill::testing::TemporaryFolder folder;
};

TEST(Dev, ServesAFolderOfQueriesFromAFileBesideIt) {
  const InFolder here;
  EXPECT_EQ(Dev({}).settings.queries.folder, "");
  const Dev nothing({.flags = {{"jobs.enabled", "false"},
                               {"outbox.enabled", "false"},
                               {"accounts.enabled", "false"},
                               {"chat.enabled", "false"}}});
  EXPECT_EQ(nothing.settings.sqlite.path, "");
  std::filesystem::create_directory("queries");
  const Dev dev({});
  EXPECT_EQ(dev.settings.queries.folder, "queries");
  EXPECT_EQ(dev.settings.sqlite.path, ".tidemill/tidemill.db");
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(MakeDevFolder(dev.settings));
  EXPECT_TRUE(std::filesystem::exists(".tidemill/.gitignore"));
}

TEST(Dev, KeepsToTheDatabaseThatIsGiven) {
  const InFolder here;
  std::filesystem::create_directory("queries");
  EXPECT_EQ(Dev({.flags = {{"storage.sqlite.path", "mine.db"}}}).settings.sqlite.path, "mine.db");
  EXPECT_EQ(Dev({.flags = {{"storage.postgres.url", "postgres://u@h/d"}}}).settings.sqlite.path, "");
  const Dev nothing({.flags = {{"queries.folder", ""},
                               {"jobs.enabled", "false"},
                               {"outbox.enabled", "false"},
                               {"accounts.enabled", "false"},
                               {"chat.enabled", "false"}}});
  EXPECT_EQ(nothing.settings.sqlite.path, "");
  EXPECT_TRUE(MakeDevFolder(Dev({.flags = {{"storage.sqlite.path", "mine.db"}}}).settings));
  EXPECT_FALSE(std::filesystem::exists(".tidemill"));
}

}  // namespace
}  // namespace tidemill::server
