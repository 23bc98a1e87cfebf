#include "realtime/channels/permissions.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

namespace tidemill::channels {
namespace {

// The callers, one column of the table each.
struct Role {
  std::string_view name;
  Caller caller;
};
const Role kRoles[] = {
    {"anonymous", {}},
    {"anonymous subscriber", {.subscribed = true}},
    {"user 42", {.user = "42"}},
    {"user 42 subscribed", {.user = "42", .subscribed = true}},
    {"user 7", {.user = "7"}},
    {"user 7 subscribed", {.user = "7", .subscribed = true}},
    {"anonymous, insecure", {.insecure = true}},
    {"user 7, insecure", {.user = "7", .insecure = true}},
};

using Permission = bool (*)(const Channel&, const Caller&);

// The namespaces of the table: each grants what its name says, for the operation in question.
ChannelSettings Settings() {
  ChannelSettings settings;
  const auto grant = [](ChannelOptions& o, bool client, bool subscriber, bool anonymous) {
    o.allow_subscribe_for_client = client;
    o.allow_publish_for_client = o.allow_presence_for_client = o.allow_history_for_client = client;
    o.allow_publish_for_subscriber = o.allow_presence_for_subscriber = o.allow_history_for_subscriber =
        subscriber;
    o.allow_subscribe_for_anonymous = anonymous;
    o.allow_publish_for_anonymous = o.allow_presence_for_anonymous = o.allow_history_for_anonymous =
        anonymous;
  };
  grant(settings.namespaces["off"], false, false, false);
  grant(settings.namespaces["client"], true, false, false);
  grant(settings.namespaces["subscriber"], false, true, false);
  grant(settings.namespaces["anonymous"], false, false, true);
  grant(settings.namespaces["client-anonymous"], true, false, true);
  grant(settings.namespaces["subscriber-anonymous"], false, true, true);
  grant(settings.namespaces["all"], true, true, true);
  for (const auto& [name, options] : ChannelSettings(settings).namespaces) {
    settings.namespaces["limited-" + name] = options;
    settings.namespaces["limited-" + name].allow_user_limited_channels = true;
  }
  return settings;
}

struct Row {
  std::string_view channel;
  std::string_view answers;  // one per role: '+' allowed, '-' refused
};

void Check(Permission permission, const Row& row) {
  SCOPED_TRACE(row.channel);
  static const auto rules = Rules::Make(Settings());
  ASSERT_TRUE(rules);
  const auto channel = (*rules)->Find(row.channel);
  ASSERT_TRUE(channel);
  ASSERT_EQ(row.answers.size(), std::size(kRoles));
  for (std::size_t i = 0; i < std::size(kRoles); ++i) {
    EXPECT_EQ(permission(*channel, kRoles[i].caller), row.answers[i] == '+') << kRoles[i].name;
  }
}

// 44 names, 8 roles: 352 answers.
TEST(MaySubscribe, FollowsTheNameThenTheFlags) {
  const Row rows[] = {
      // Columns: anonymous (twice), user 42 (twice), user 7 (twice), insecure (twice).
      {"off:x", "------++"},
      {"client:x", "--++++++"},
      {"subscriber:x", "------++"},
      {"anonymous:x", "------++"},
      {"client-anonymous:x", "++++++++"},
      {"subscriber-anonymous:x", "------++"},
      {"all:x", "++++++++"},
      {"limited-off:x", "------++"},
      {"limited-client:x", "--++++++"},
      {"limited-all:x", "++++++++"},
      // '$': nobody without a token, whatever the flags.
      {"$off:x", "--------"},
      {"$client:x", "--------"},
      {"$subscriber:x", "--------"},
      {"$anonymous:x", "--------"},
      {"$client-anonymous:x", "--------"},
      {"$subscriber-anonymous:x", "--------"},
      {"$all:x", "--------"},
      {"$all:x#42", "--------"},
      {"$limited-all:x#42", "--------"},
      {"$limited-off:x#42", "--------"},
      // '#' means nothing where such channels are off.
      {"off:x#42", "------++"},
      {"client:x#42", "--++++++"},
      {"client-anonymous:x#42", "++++++++"},
      {"all:x#42", "++++++++"},
      {"all:#", "++++++++"},
      // Where they are on: only who is listed; the flags do not open them.
      {"limited-off:x#42", "--++--++"},
      {"limited-client:x#42", "--++--++"},
      {"limited-subscriber:x#42", "--++--++"},
      {"limited-anonymous:x#42", "--++--++"},
      {"limited-client-anonymous:x#42", "--++--++"},
      {"limited-subscriber-anonymous:x#42", "--++--++"},
      {"limited-all:x#42", "--++--++"},
      {"limited-all:x#42,7", "--++++++"},
      {"limited-all:x#7,42", "--++++++"},
      {"limited-all:x#7", "----++++"},
      {"limited-all:x#421", "------++"},
      {"limited-all:x#4", "------++"},
      {"limited-all:x#", "------++"},
      {"limited-all:x#,", "------++"},
      {"limited-all:x#42,", "--++--++"},
      {"limited-all:x#42#7", "----++++"},
      {"limited-all:#42", "--++--++"},
      {"limited-all:$x#42", "--++--++"},
      {"limited-all:$x", "++++++++"},
  };
  for (const Row& row : rows) Check(MaySubscribe, row);
}

// In the namespace of the personal channels a name "#user" is that user's, and lists nobody.
TEST(MaySubscribe, APersonalChannelIsItsUsersAlone) {
  struct Case {
    std::string_view channel, user;
    bool may;
  };
  const Case in_namespace[] = {
      {"own:#a,b", "a,b", true}, {"own:#a,b", "a", false},    {"own:#a,b", "b", false},
      {"own:#x#b", "x#b", true}, {"own:#x#b", "b", false},    {"own:#a:b", "a:b", true},
      {"own:#a:b", "b", false},  {"own:#b", "b", true},       {"own:#", "", false},
      {"own:d#a,b", "b", true},  {"own:d#a,b", "a,b", false}, {"$own:#b", "b", false},
      {"open:#b", "b", true},    {"open:#b", "c", true},      {"#b", "b", false},
  };
  const Case without_namespace[] = {
      {"#a,b", "a,b", true}, {"#a,b", "b", false},    {"#x#b", "x#b", true},     {"#x#b", "b", false},
      {"#a:b", "a:b", true}, {"#a:b", "b", false},    {"#own:b", "own:b", true}, {"#own:b", "b", false},
      {"d#a,b", "b", true},  {"own:#a,b", "b", true}, {":#a,b", "b", true},      {"#", "", false},
  };
  const auto check = [](std::string personal_namespace, std::span<const Case> cases) {
    ChannelSettings settings;
    settings.without_namespace.allow_user_limited_channels = personal_namespace.empty();
    settings.namespaces["own"].allow_user_limited_channels = true;
    settings.namespaces["open"].allow_subscribe_for_client = true;
    const auto rules = *Rules::Make(settings, personal_namespace);
    for (const Case& c : cases) {
      SCOPED_TRACE(std::string(c.channel) + " for " + std::string(c.user));
      const auto channel = rules->Find(c.channel);
      ASSERT_TRUE(channel);
      EXPECT_EQ(MaySubscribe(*channel, {.user = c.user}), c.may);
    }
  };
  check("own", in_namespace);
  check("", without_namespace);
}

TEST(MaySubscribe, APersonalChannelIsClosedWhereTheFlagsAreAndToOthersWhereTheyAreNot) {
  for (const bool open : {false, true}) {
    ChannelSettings settings;
    settings.without_namespace.allow_subscribe_for_client = open;
    const auto rules = *Rules::Make(settings, "");
    const auto channel = *rules->Find("#bob");
    EXPECT_EQ(MaySubscribe(channel, {.user = "bob"}), open);
    EXPECT_FALSE(MaySubscribe(channel, {.user = "eve"}));
  }
}

// The same 17 names for three operations, 8 roles: 408 answers.
TEST(MayPublishAndRead, FollowTheFlagsWhateverTheName) {
  const Row rows[] = {
      {"off:x", "------++"},
      {"client:x", "--++++++"},
      {"subscriber:x", "---+-+++"},
      {"anonymous:x", "------++"},
      {"client-anonymous:x", "++++++++"},
      {"subscriber-anonymous:x", "-+-+-+++"},
      {"all:x", "++++++++"},
      {"$off:x", "------++"},
      {"$client:x", "--++++++"},
      {"$subscriber:x", "---+-+++"},
      {"$subscriber-anonymous:x", "-+-+-+++"},
      {"off:x#42", "------++"},
      {"limited-off:x#42", "------++"},
      {"limited-client:x#42", "--++++++"},
      {"limited-subscriber:x#42", "---+-+++"},
      {"limited-anonymous:x#42", "------++"},
      {"$limited-subscriber:x#42", "---+-+++"},
  };
  for (const Permission permission : {MayPublish, MayReadPresence, MayReadHistory}) {
    for (const Row& row : rows) Check(permission, row);
  }
}

// A flag of one operation opens no other: each is set alone and every permission asked.
TEST(Permissions, AreIndependent) {
  using Options = ChannelOptions;
  struct Case {
    std::string_view name;
    bool Options::* flag;
    std::string_view answers;  // of a subscribed user: subscribe, publish, presence, history
  };
  const Case cases[] = {
      {"subscribe_for_client", &Options::allow_subscribe_for_client, "+---"},
      {"subscribe_for_anonymous", &Options::allow_subscribe_for_anonymous, "----"},
      {"publish_for_client", &Options::allow_publish_for_client, "-+--"},
      {"publish_for_subscriber", &Options::allow_publish_for_subscriber, "-+--"},
      {"publish_for_anonymous", &Options::allow_publish_for_anonymous, "----"},
      {"presence_for_client", &Options::allow_presence_for_client, "--+-"},
      {"presence_for_subscriber", &Options::allow_presence_for_subscriber, "--+-"},
      {"presence_for_anonymous", &Options::allow_presence_for_anonymous, "----"},
      {"history_for_client", &Options::allow_history_for_client, "---+"},
      {"history_for_subscriber", &Options::allow_history_for_subscriber, "---+"},
      {"history_for_anonymous", &Options::allow_history_for_anonymous, "----"},
      {"user_limited_channels", &Options::allow_user_limited_channels, "----"},
      {"recovery", &Options::allow_recovery, "----"},
      {"positioning", &Options::allow_positioning, "----"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Options options;
    options.*c.flag = true;
    const Channel channel{.name = ParseChannelName("x"), .options = &options};
    const Caller caller{.user = "42", .subscribed = true};
    EXPECT_EQ(MaySubscribe(channel, caller), c.answers[0] == '+');
    EXPECT_EQ(MayPublish(channel, caller), c.answers[1] == '+');
    EXPECT_EQ(MayReadPresence(channel, caller), c.answers[2] == '+');
    EXPECT_EQ(MayReadHistory(channel, caller), c.answers[3] == '+');
  }
}

TEST(DataAllowed, FollowsTheFormat) {
  struct Case {
    std::string_view data;
    bool any, json, json_object, binary;
  };
  const Case cases[] = {
      {"", false, false, false, true},
      {"{}", true, true, true, true},
      {R"({"a":[1,null,"x"]})", true, true, true, true},
      {"[]", true, true, false, true},
      {"1", true, true, false, true},
      {"null", true, true, false, true},
      {R"("text")", true, true, false, true},
      {"text", true, false, false, true},
      {"{", true, false, false, true},
      {"{}{}", true, false, false, true},
      {R"({"a":1,})", true, false, false, true},
      {"\xff\xfe", true, false, false, true},
      {std::string_view("\0", 1), true, false, false, true},
      {" ", true, false, false, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.data);
    const auto allowed = [&c](const char* format) {
      ChannelOptions options;
      options.publication_data_format = format;
      return DataAllowed(options, c.data);
    };
    EXPECT_EQ(allowed(""), c.any);
    EXPECT_EQ(allowed("json"), c.json);
    EXPECT_EQ(allowed("json_object"), c.json_object);
    EXPECT_EQ(allowed("binary"), c.binary);
  }
}

}  // namespace
}  // namespace tidemill::channels
