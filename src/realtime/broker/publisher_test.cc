#include "realtime/broker/publisher.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/task_scope.h"

namespace tidemill::broker {
namespace {

// Answers at once, and writes down what it was asked.
struct FakeStore final : Broker, PresenceStore {
  void SetEvents(BrokerEvents&) override {}
  void SetOccupancyEvents(OccupancyEvents&) override {}
  Task<Result<PublishOutcome>> Publish(ChannelName channel, Publication publication,
                                       PublishOptions options) override {
    calls.push_back("publish " + channel.value());
    published = std::move(publication);
    published_options = std::move(options);
    if (error) co_return Fail(*error, "fake");
    co_return PublishOutcome{.position = {7, "abcd"}};
  }
  Task<Result<void>> PublishJoin(ChannelName, ClientInfo) override { co_return Result<void>(); }
  Task<Result<void>> PublishLeave(ChannelName, ClientInfo) override { co_return Result<void>(); }
  Task<Result<SubscribeOutcome>> Subscribe(ChannelName, SubscribeOptions) override {
    co_return SubscribeOutcome();
  }
  void Unsubscribe(const ChannelName&) override {}
  Task<Result<HistoryOutcome>> History(ChannelName channel, HistoryQuery query,
                                       StreamSettings stream) override {
    calls.push_back("history " + channel.value() + " limit " + std::to_string(query.limit) + " of " +
                    std::to_string(stream.size));
    if (error) co_return Fail(*error, "fake");
    co_return HistoryOutcome{.publications = {}, .top = {7, "abcd"}};
  }
  Task<Result<void>> RemoveHistory(ChannelName channel) override {
    calls.push_back("remove " + channel.value());
    if (error) co_return Fail(*error, "fake");
    co_return Result<void>();
  }
  std::uint64_t SubscribedChannels() const override { return 0; }
  Task<Result<std::vector<ChannelCount>>> Channels(std::string) override {
    co_return std::vector<ChannelCount>();
  }
  Task<Result<void>> Add(ChannelName, ClientInfo) override { co_return Result<void>(); }
  Task<Result<void>> Remove(ChannelName, std::string) override { co_return Result<void>(); }
  Task<Result<std::vector<ClientInfoPtr>>> Get(ChannelName channel) override {
    calls.push_back("presence " + channel.value());
    if (error) co_return Fail(*error, "fake");
    co_return std::vector{std::make_shared<const ClientInfo>(ClientInfo{.user = "u", .client = "c"})};
  }
  Task<Result<PresenceStats>> Stats(ChannelName channel) override {
    calls.push_back("stats " + channel.value());
    if (error) co_return Fail(*error, "fake");
    co_return PresenceStats{.clients = 1, .users = 1};
  }

  std::optional<Errc> error;  // of every call
  std::vector<std::string> calls;
  Publication published;
  PublishOptions published_options;
};

std::shared_ptr<const channels::Rules> TestRules() {
  channels::ChannelSettings settings;
  settings.history_meta_ttl = Seconds(900);
  channels::ChannelOptions kept;
  kept.history_size = 5;
  kept.history_ttl = Seconds(300);
  kept.presence = true;
  settings.namespaces["kept"] = kept;
  settings.namespaces["json"].publication_data_format = "json";
  settings.namespaces["object"].publication_data_format = "json_object";
  settings.namespaces["binary"].publication_data_format = "binary";
  return *channels::Rules::Make(std::move(settings));
}

class PublisherTest : public testing::Test {
 protected:
  template <class T>
  Answer<T> Await(Task<Answer<T>> task) {
    std::optional<Answer<T>> answer;
    scope_.Spawn(Take(std::move(task), answer));
    return *std::move(answer);
  }
  // 0: it went through.
  template <class T>
  std::uint32_t CodeOfTask(Task<Answer<T>> task) {
    const Answer<T> answer = Await(std::move(task));
    return answer ? 0 : answer.error().code;
  }

  FakeStore store_;
  Publisher publisher_{store_, store_, TestRules()};

 private:
  template <class T>
  static Task<void> Take(Task<Answer<T>> task, std::optional<Answer<T>>& answer) {
    answer = co_await std::move(task);
  }

  TaskScope scope_;
};

TEST_F(PublisherTest, FillsThePublicationAndTheOptions) {
  const auto published = Await(publisher_.Publish({.channel = "kept:a",
                                                   .data = "{}",
                                                   .form = DataForm::kJson,
                                                   .tags = {{"k", "v"}},
                                                   .info = ClientInfo{.user = "u"},
                                                   .idempotency_key = "key",
                                                   .version = 3,
                                                   .version_epoch = "e"}));

  ASSERT_TRUE(published.has_value());
  EXPECT_EQ(published->position, (StreamPosition{7, "abcd"}));
  EXPECT_EQ(store_.calls, (std::vector<std::string>{"publish kept:a"}));
  EXPECT_EQ(store_.published, (Publication{.data = "{}",
                                           .info = ClientInfo{.user = "u"},
                                           .offset = 0,
                                           .tags = {{"k", "v"}},
                                           .epoch = "",
                                           .data_is_json = true}));
  const PublishOptions& options = store_.published_options;
  EXPECT_EQ(options.stream.size, 5u);
  EXPECT_EQ(options.stream.ttl.ms, 300'000);
  EXPECT_EQ(options.stream.meta_ttl.ms, 900'000);
  EXPECT_EQ(options.idempotency_key, "key");
  EXPECT_EQ(options.version, 3u);
  EXPECT_EQ(options.version_epoch, "e");
}

TEST_F(PublisherTest, KeepsNoStreamWhereItIsSkippedOrOff) {
  Await(
      publisher_.Publish({.channel = "kept:a", .data = "1", .form = DataForm::kJson, .skip_history = true}));
  EXPECT_FALSE(store_.published_options.stream.enabled());
  Await(publisher_.Publish({.channel = "a", .data = "1", .form = DataForm::kJson}));
  EXPECT_FALSE(store_.published_options.stream.enabled());
}

// What the hub need not parse again, and Redis keeps with the publication.
TEST_F(PublisherTest, ChecksTheFormatOnceAndSaysTrulyWhetherTheDataAreJson) {
  constexpr DataForm kNone = DataForm::kNone, kBytes = DataForm::kBytes, kJson = DataForm::kJson;
  struct Case {
    const char* channel;
    const char* data;
    DataForm form;
    std::uint32_t code;  // 0: published
    bool data_is_json;
  };
  const Case cases[] = {
      {"a", "{}", kJson, 0, true},
      {"a", "1", kJson, 0, true},
      {"a", "", kJson, 107, false},
      {"a", "{}", kBytes, 0, false},  // not known, and nobody has to know
      {"a", "\xff", kBytes, 0, false},
      {"a", "", kBytes, 107, false},
      {"a", "{}", kNone, 107, false},
      {"json:a", "1", kJson, 0, true},
      {"json:a", "", kJson, 107, false},
      {"json:a", " [1] ", kBytes, 0, true},  // the format says so
      {"json:a", "{", kBytes, 107, false},
      {"object:a", "{}", kJson, 0, true},
      {"object:a", " {}", kJson, 0, true},
      {"object:a", "[]", kJson, 107, false},
      {"object:a", "{}", kBytes, 0, true},
      {"object:a", "[]", kBytes, 107, false},
      {"binary:a", "{}", kJson, 0, true},
      {"binary:a", "", kJson, 0, true},  // nothing is left out of a JSON frame
      {"binary:a", "{}", kBytes, 0, false},
      {"binary:a", "", kBytes, 0, false},
      {"binary:a", "", kNone, 107, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.channel) + " " + c.data + " " + std::to_string(static_cast<int>(c.form)));
    store_.published = {};
    EXPECT_EQ(CodeOfTask(publisher_.Publish({.channel = c.channel, .data = c.data, .form = c.form})), c.code);
    EXPECT_EQ(store_.published.data_is_json, c.data_is_json);
  }
}

TEST_F(PublisherTest, RefusesWhatTheRulesRefuseWithoutAskingTheStore) {
  const PublishCall good{.channel = "kept:a", .data = "{}", .form = DataForm::kJson};
  PublishCall unknown = good;
  unknown.channel = "nope:a";
  PublishCall malformed = good;
  malformed.channel = "";

  EXPECT_EQ(CodeOfTask(publisher_.Publish(std::move(unknown))), 102u);
  EXPECT_EQ(CodeOfTask(publisher_.Publish(std::move(malformed))), 107u);
  EXPECT_EQ(CodeOfTask(publisher_.History({.channel = "nope:a"})), 102u);
  EXPECT_EQ(CodeOfTask(publisher_.History({.channel = "a"})), 108u);
  EXPECT_EQ(CodeOfTask(publisher_.RemoveHistory("a")), 108u);
  EXPECT_EQ(CodeOfTask(publisher_.Presence({.channel = "nope:a"})), 102u);
  EXPECT_EQ(CodeOfTask(publisher_.Presence({.channel = "a"})), 108u);
  EXPECT_EQ(CodeOfTask(publisher_.PresenceCounts({.channel = "a"})), 108u);
  EXPECT_EQ(store_.calls, std::vector<std::string>());
}

TEST_F(PublisherTest, WhatIsAdmittedCanBePublishedLater) {
  auto admitted = publisher_.Admit({.channel = "kept:a", .data = "{}", .form = DataForm::kJson});
  ASSERT_TRUE(admitted.has_value());
  EXPECT_EQ(store_.calls, std::vector<std::string>());
  publisher_.ReplaceRules(*channels::Rules::Make({}));

  EXPECT_EQ(CodeOfTask(publisher_.Publish(*std::move(admitted))), 0u);
  EXPECT_EQ(store_.calls, (std::vector<std::string>{"publish kept:a"}));
  EXPECT_EQ(store_.published_options.stream.size, 5u);
  EXPECT_EQ(CodeOfTask(publisher_.Publish({.channel = "kept:a", .data = "{}", .form = DataForm::kJson})),
            102u);
}

TEST_F(PublisherTest, ReadsHistoryAndPresence) {
  const auto history = Await(publisher_.History({.channel = "kept:a", .query = {.limit = 2}}));
  ASSERT_TRUE(history.has_value());
  EXPECT_EQ(history->top, (StreamPosition{7, "abcd"}));
  EXPECT_TRUE(Await(publisher_.RemoveHistory("kept:a")).has_value());
  const auto presence = Await(publisher_.Presence({.channel = "kept:a"}));
  ASSERT_TRUE(presence.has_value());
  EXPECT_EQ(presence->size(), 1u);
  const auto counts = Await(publisher_.PresenceCounts({.channel = "kept:a"}));
  ASSERT_TRUE(counts.has_value());
  EXPECT_EQ(counts->clients, 1u);
  EXPECT_EQ(store_.calls, (std::vector<std::string>{"history kept:a limit 2 of 5", "remove kept:a",
                                                    "presence kept:a", "stats kept:a"}));
}

TEST_F(PublisherTest, FailuresAreMappedByTheSurface) {
  struct Case {
    Errc error;
    std::uint32_t service;
    std::uint32_t client;
    std::uint32_t subscription;
  };
  const Case cases[] = {
      {Errc::kLimitExceeded, 106, 111, 106},    {Errc::kUnrecoverablePosition, 112, 112, 112},
      {Errc::kInvalidArgument, 107, 100, 100},  {Errc::kNotAvailable, 108, 100, 100},
      {Errc::kPermissionDenied, 103, 100, 100}, {Errc::kUnavailable, 100, 100, 100},
      {Errc::kTimeout, 100, 100, 100},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(Name(c.error));
    store_.error = c.error;
    for (const Surface surface : {Surface::kService, Surface::kClient}) {
      const std::uint32_t code = surface == Surface::kService ? c.service : c.client;
      EXPECT_EQ(CodeOfTask(publisher_.Publish(
                    {.channel = "kept:a", .data = "1", .form = DataForm::kJson, .surface = surface})),
                code);
      EXPECT_EQ(CodeOfTask(publisher_.History({.channel = "kept:a", .surface = surface})), code);
      EXPECT_EQ(CodeOfTask(publisher_.Presence({.channel = "kept:a", .surface = surface})), code);
      EXPECT_EQ(CodeOfTask(publisher_.PresenceCounts({.channel = "kept:a", .surface = surface})), code);
    }
    EXPECT_EQ(CodeOfTask(publisher_.RemoveHistory("kept:a")), c.service);
    EXPECT_EQ(CodeOf({c.error, ""}, Surface::kSubscription).code, c.subscription);
  }
}

}  // namespace
}  // namespace tidemill::broker
