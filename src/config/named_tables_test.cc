// The machine on settings of its own: what a list of named tables can do, whatever it is a list of.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/print.h"
#include "config/restart.h"
#include "config/schema.h"
#include "config/section.h"

namespace tidemill::config {
namespace {

struct Queue {
  std::uint32_t workers = 1;
  Duration retry_delay = Seconds(5);
  Secret push_key;
  std::string plan;  // a hidden one
  bool tls = false;
  JsonArray args;
  JsonObject custom;
  friend bool operator==(const Queue&, const Queue&) = default;
};

struct Limit {
  std::uint32_t worker = 0;
  friend bool operator==(const Limit&, const Limit&) = default;
};

struct Settings {
  std::uint32_t shards = 4;
  std::map<std::string, Queue> queues;
  std::map<std::string, Queue> crons;
  std::map<std::string, Limit> limits;
  friend bool operator==(const Settings&, const Settings&) = default;
};

constexpr Row<Settings> kSettings[] = {{"jobs.shards", Of<&Settings::shards>, {.doc = "Shards.", .min = 1}}};

constexpr Row<Queue> kQueue[] = {
    {"workers", Of<&Queue::workers>, {.doc = "Jobs at a time.", .min = 1, .max = 64, .reload = Reload::kNo}},
    {"retry.delay", Of<&Queue::retry_delay>, {.doc = "Before a job is tried again.", .max = kHour}},
    {"push.key", Of<&Queue::push_key>, {.doc = "Signs what is pushed."}},
    {"plan", Of<&Queue::plan>, {.doc = "For tests.", .shown = Shown::kNo}},
    {"tls.enabled", Of<&Queue::tls>, {.doc = "TLS to the workers."}},
};

constexpr Row<Queue> kCron[] = {
    {"job.args", Of<&Queue::args>, {.doc = "Arguments."}},
    {"job.type", Of<&Queue::plan>, {.doc = "The type."}},
    {"job.custom", Of<&Queue::custom>, {.doc = "Custom."}},
};
constexpr Row<Limit> kLimit[] = {{"worker", Of<&Limit::worker>, {.doc = "Of each worker.", .max = 9}}};

void CheckQueue(const Queue& queue, const std::string& prefix, Findings& findings) {
  if (!queue.tls || !queue.push_key.empty()) return;
  findings.push_back(
      {.key = prefix + "tls.enabled", .others = {prefix + "push.key"}, .text = ": needs push.key"});
}

std::optional<std::string> WhyRefused(std::string_view option) {
  return option == "broker" ? std::optional("gone since version 2") : std::nullopt;
}

const Schema<Settings>& TestSchema() {
  static const Schema<Settings> schema = [] {
    Schema<Settings> all;
    all.Add<Settings>("", {.rows = kSettings}, [](Settings& s) -> auto& { return s; });
    all.AddTables(NamedTables<Queue>{.key = "queues",
                                     .noun = "queue",
                                     .example_name = "mail",
                                     .section = {.rows = kQueue, .check = CheckQueue},
                                     .tables_max = 3,
                                     .reload = Reload::kNo,
                                     .why_refused = WhyRefused},
                  [](Settings& s) -> auto& { return s.queues; });
    all.AddTables(NamedTables<Queue>{.key = "cron",
                                     .noun = "schedule",
                                     .example_name = "Report",
                                     .section = {.rows = kCron},
                                     .name_from = "job.type",
                                     .documented = Shown::kNo},
                  [](Settings& s) -> auto& { return s.crons; });
    all.AddTables(NamedTables<Limit>{.key = "limits",
                                     .noun = "limit",
                                     .example_name = "mail",
                                     .section = {.rows = kLimit},
                                     .written = Written::kByName,
                                     .documented = Shown::kNo},
                  [](Settings& s) -> auto& { return s.limits; });
    return all;
  }();
  return schema;
}

Result<Settings> LoadText(std::string_view text) {
  const std::string path = testing::TempDir() + "tidemill-tables-test.toml";
  std::ofstream(path, std::ios::binary) << text;
  Result<Settings> loaded = Load(TestSchema(), {.file = path});
  remove(path.c_str());
  return loaded;
}

// The detail of the error; "" when there was none.
std::string Why(const Result<Settings>& loaded) { return loaded ? "" : loaded.error().detail; }

TEST(NamedTables, AreReadFromFileEnvironmentAndFlags) {
  const Result<Settings> file = LoadText(
      "[[queues]]\nname = \"mail\"\nworkers = 3\n[queues.retry]\ndelay = \"1m\"\n"
      "[[queues]]\nname = \"push.slow\"\n");
  ASSERT_TRUE(file) << file.error().detail;
  EXPECT_EQ(file->queues, (std::map<std::string, Queue>{{"mail", {.workers = 3, .retry_delay = Minutes(1)}},
                                                        {"push.slow", {}}}));

  const Result<Settings> given =
      Load(TestSchema(),
           {.environment = {{"TIDEMILL_QUEUES", "mail push"},
                            {"TIDEMILL_QUEUES_MAIL_WORKERS", "7"},
                            {"TIDEMILL_QUEUES_OLD_RETRY_DELAY", "0s"}},
            .flags = {{"queues", "sms"}, {"queues.mail.workers", "8"}, {"queues.a.b.retry.delay", "9s"}}},
           Settings{.queues = {{"old", {.workers = 5}}}});
  EXPECT_EQ(Why(given), "queues: more than 3 queues");
  const Result<Settings> fewer =
      Load(TestSchema(),
           {.environment = {{"TIDEMILL_QUEUES", "mail"},
                            {"TIDEMILL_QUEUES_MAIL_WORKERS", "7"},
                            {"TIDEMILL_QUEUES_OLD_RETRY_DELAY", "0s"}},
            .flags = {{"queues.mail.workers", "8"}, {"queues.a.b.retry.delay", "9s"}}},
           Settings{.queues = {{"old", {.workers = 5}}}});
  ASSERT_TRUE(fewer) << fewer.error().detail;
  EXPECT_EQ(fewer->queues,
            (std::map<std::string, Queue>{{"mail", {.workers = 8}},
                                          {"a.b", {.retry_delay = Seconds(9)}},
                                          {"old", {.workers = 5, .retry_delay = Seconds(0)}}}));
}

TEST(NamedTables, AreRefusedWithWhatIsWrong) {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  const Case cases[] = {
      {"[[queues]]\nname = \"mail\"\nworker = 1",
       "test.toml:3: queues.mail.worker: unknown; did you mean queues.mail.workers?"},
      {"[[queues]]\nname = \"mail\"\nworkers = 65",
       "test.toml:3: queues.mail.workers = 65: out of range; accepted: 1 … 64"},
      {"[[queues]]\nname = \"mail\"\n[queues.push]\nkey = 5",
       "test.toml:4: queues.mail.push.key = ***: not a string; write it in quotes"},
      {"[[queues]]\nname = \"mail\"\n[queues.tls]\nenabled = true",
       "test.toml:4: queues.mail.tls.enabled: needs push.key"},
      {"[[queues]]\nname = \"mail\"\nbroker = 1", "test.toml:3: queues.mail.broker: gone since version 2"},
      {"[[queues]]\nworkers = 1", "test.toml:1: queues: a queue without a name; write name = \"mail\" in it"},
      {"[[queues]]\nname = \"\"",
       "queues: name = \"\": accepted: one or more of letters, digits, \"-\", \"_\", \".\""},
      {"[[queues]]\nname = \"m\"\n[[queues]]\nname = \"m\"",
       "test.toml:4: queues: name = \"m\": there twice"},
      {"[queues.mail]\nworkers = 1",
       "test.toml:1: queues: not a list of tables; write [[queues]] with a name for each queue"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_TRUE(Why(LoadText(c.text)).ends_with(c.message)) << Why(LoadText(c.text));
  }
  EXPECT_EQ(Why(Load(TestSchema(), {.environment = {{"TIDEMILL_QUEUES_MAIL_WORKERS", "1"}}})),
            "TIDEMILL_QUEUES_MAIL_WORKERS: no such option, or a queue that TIDEMILL_QUEUES does not list");
  EXPECT_EQ(Why(Load(TestSchema(), {.flags = {{"queues.mail.worker", "1"}, {"queues", "mail"}}})),
            "--queues.mail.worker: unknown; did you mean --queues.mail.workers?");
}

TEST(NamedTables, ArePrintedAndReadBack) {
  Settings settings{.shards = 9};
  settings.queues["mail"] = {.workers = 2, .push_key = {"s"}, .tls = true};
  settings.queues["b.c"] = {.plan = "x"};
  const std::string text = ToToml(TestSchema(), settings, SecretsIn::kPlain);
  EXPECT_EQ(text,
            "[jobs]\nshards = 9\n"
            "\n[[queues]]\nname = \"b.c\"\nworkers = 1\nretry.delay = \"5s\"\npush.key = \"\"\n"
            "plan = \"x\"\ntls.enabled = false\n"
            "\n[[queues]]\nname = \"mail\"\nworkers = 2\nretry.delay = \"5s\"\npush.key = \"s\"\n"
            "tls.enabled = true\n");
  EXPECT_EQ(LoadText(text).value(), settings);
  EXPECT_TRUE(ToToml(TestSchema(), settings, SecretsIn::kMasked).contains("push.key = \"***\"\n"));
}

TEST(NamedTables, MayBeNamedAfterAnOption) {
  const Result<Settings> loaded = LoadText(
      "[[cron]]\n[cron.job]\ntype = \"A::B\"\nargs = [1, \"a\", [true, 2.5], {b = {}}]\n"
      "[[cron]]\njob = {type = \"A::B\", custom = {x = {\"y z\" = [1]}}}\n"
      "[[cron]]\njob.type = \"C\"\n[[cron.job.args]]\nk = 1\n[[cron.job.args]]\nk = 2\n");
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(loaded->crons, (std::map<std::string, Queue>{
                               {"A--B", {.plan = "A::B", .args = {R"([1,"a",[true,2.5],{"b":{}}])"}}},
                               {"A--B-2", {.plan = "A::B", .custom = {R"({"x":{"y z":[1]}})"}}},
                               {"C", {.plan = "C", .args = {R"([{"k":1},{"k":2}])"}}}}));
  const std::string text = ToToml(TestSchema(), *loaded, SecretsIn::kPlain);
  EXPECT_TRUE(text.contains("job.args = [1, \"a\", [true, 2.5], {\"b\" = {}}]\n")) << text;
  EXPECT_EQ(LoadText(text).value(), *loaded);
  EXPECT_TRUE(
      ToJson(TestSchema(), *loaded, SecretsIn::kPlain).contains(R"("job.args":[1,"a",[true,2.5],{"b":{}}])"));
}

TEST(NamedTables, MayHoldAnyListOrTable) {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  const Case cases[] = {
      {"[[cron]]\njob.args = 5", "test.toml:1: cron: a schedule without job.type"},
      {"[[cron]]\njob.type = \"a\"\njob.args = 5",
       "test.toml:3: cron.a.job.args = \"5\": not a list; write [1, \"a\"]"},
      {"[[cron]]\njob.type = \"a\"\njob.args = [1979-05-27]",
       "test.toml:3: cron.a.job.args = with a date, a time, nan or inf, which JSON does not know: not a "
       "list; "
       "write [1, \"a\"]"},
      {"[[cron]]\njob.type = \"a\"\njob.custom = []",
       "test.toml:3: cron.a.job.custom = \"[]\": not a table; write {key = \"value\"} in the file, "
       "{\"key\":\"value\"} elsewhere"},
      {"[[cron]]\njob.type = \"a\"\njob.arg = 1",
       "test.toml:3: cron.a.job.arg: unknown; did you mean cron.a.job.args?"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_TRUE(Why(LoadText(c.text)).ends_with(c.message)) << Why(LoadText(c.text));
  }
  const Result<Settings> flag = Load(TestSchema(), {.flags = {{"cron.a.job.args", R"([{"n":1}, "x"])"}}});
  ASSERT_TRUE(flag) << flag.error().detail;
  EXPECT_EQ(flag->crons.at("a").args.text, R"([{"n":1}, "x"])");
  EXPECT_TRUE(Why(Load(TestSchema(), {.flags = {{"cron.a.job.args", "[null]"}}}))
                  .ends_with("there is a null in it, which TOML does not know"));
}

TEST(NamedTables, MayStandByTheirNames) {
  const Result<Settings> loaded = LoadText("[limits]\nmail = {worker = 3}\n[limits.\"b.c\"]\nworker = 4\n");
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(loaded->limits, (std::map<std::string, Limit>{{"mail", {3}}, {"b.c", {4}}}));
  EXPECT_EQ(LoadText(ToToml(TestSchema(), *loaded, SecretsIn::kPlain)).value(), *loaded);
  EXPECT_TRUE(Why(LoadText("[limits]\nmail = 3"))
                  .ends_with("test.toml:2: limits: \"mail\": not a table; write it in { }"));
  EXPECT_TRUE(
      Why(LoadText("limits = 3"))
          .ends_with(
              "test.toml:1: limits: not a section; write mail = {…} in [limits], a line for each limit"));
  EXPECT_TRUE(Why(LoadText("[limits.mail]\nworkers = 3"))
                  .ends_with("test.toml:2: limits.mail.workers: unknown; did you mean limits.mail.worker?"));
}

TEST(NamedTables, AreDocumented) {
  EXPECT_EQ(
      Markdown(TestSchema(), "# Page\n"),
      "# Page\n"
      "\n## process\n\n| Key | Type | Default | Accepted | |\n|---|---|---|---|---|\n"
      "| `jobs.shards` | integer | `4` | 1 … 4294967295 | Shards. ↻ |\n"
      "\n## queues\n\n| Key | Type | Default | Accepted | |\n|---|---|---|---|---|\n"
      "| `queues.<name>.workers` | integer | `1` | 1 … 64 | Jobs at a time. |\n"
      "| `queues.<name>.retry.delay` | duration | `\"5s\"` | 0s … 1h | Before a job is tried again. ↻ |\n"
      "| `queues.<name>.push.key` | secret | `\"\"` |  | Signs what is pushed. ↻ |\n"
      "| `queues.<name>.tls.enabled` | boolean | `false` |  | TLS to the workers. ↻ |\n");
}

TEST(NamedTables, NeedARestartWhereTheySaySo) {
  using Names = std::vector<std::string>;
  const Settings running{.queues = {{"mail", {}}, {"push", {}}}};
  Settings wanted = running;
  wanted.queues["mail"].retry_delay = Seconds(1);
  EXPECT_EQ(NeedRestart(TestSchema(), running, wanted), Names{});
  wanted.queues["mail"].workers = 2;
  EXPECT_EQ(NeedRestart(TestSchema(), running, wanted), Names{"queues.mail.workers"});
  wanted.queues.erase("push");
  EXPECT_EQ(NeedRestart(TestSchema(), running, wanted), (Names{"queues", "queues.mail.workers"}));
}

}  // namespace
}  // namespace tidemill::config
