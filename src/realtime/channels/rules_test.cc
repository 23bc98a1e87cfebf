#include "realtime/channels/rules.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

// ThreadSanitizer brings its own; there the count stays zero, and the other builds check it.
#if !__has_feature(thread_sanitizer)
void* operator new(std::size_t bytes) {
  ++allocations;
  void* block = std::malloc(bytes);
  if (block == nullptr) std::abort();
  return block;
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
#endif

namespace tidemill::channels {
namespace {

std::shared_ptr<const Rules> Make(ChannelSettings settings) {
  Result<std::shared_ptr<const Rules>> rules = Rules::Make(std::move(settings));
  if (!rules) ADD_FAILURE() << rules.error().detail;
  return rules.value_or(nullptr);
}

ChannelSettings TwoNamespaces() {
  ChannelSettings settings;
  settings.without_namespace.history_size = 1;
  settings.namespaces["chat"].history_size = 2;
  settings.namespaces["chat2"].history_size = 3;
  settings.namespaces["strict"].channel_regex = "^[a-z]+$";
  settings.namespaces["loose"].channel_regex = "[0-9]";
  return settings;
}

TEST(Rules, FindGivesTheOptionsOfTheNamespace) {
  const auto rules = Make(TwoNamespaces());
  struct Case {
    std::string_view channel;
    std::uint32_t history_size;
  };
  const Case cases[] = {{"news", 1},    {":news", 1},   {"$news", 1}, {"$:news", 1},   {"#42", 1},
                        {"chat:x", 2},  {"$chat:x", 2}, {"chat:", 2}, {"chat:#42", 2}, {"chat:chat2:x", 2},
                        {"chat2:x", 3}, {"chat", 1},    {"chat2", 1}, {"chat#42", 1}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.channel);
    const auto channel = rules->Find(c.channel);
    ASSERT_TRUE(channel);
    EXPECT_EQ(channel->options->history_size, c.history_size);
  }
}

TEST(Rules, ANameIsTakenAsFarAsWhoGivesItMay) {
  ChannelSettings settings = TwoNamespaces();
  settings.namespaces["uni"].channel_regex = "^\\pL+$";
  const auto rules = Make(settings);
  const std::string of_255 = "chat:" + std::string(250, 'x');
  const std::string of_256 = of_255 + "x";
  const std::string of_64k = "chat:" + std::string(kNameBytesMax - 5, 'x');
  const std::string too_long = of_64k + "x";
  const std::string unknown_long = "nope:" + std::string(251, 'x');
  constexpr std::uint32_t kOk = 0, kUnknown = 102, kBad = 107;
  struct Case {
    std::string_view channel;
    std::uint32_t service, client;
  };
  const Case cases[] = {
      {"", kBad, kBad},
      {"a b", kOk, kOk},
      {" ", kOk, kOk},
      {"a\n", kOk, kOk},
      {std::string_view("a\0b", 3), kOk, kOk},
      {"caf\xc3\xa9", kOk, kBad},
      {"chat:caf\xc3\xa9", kOk, kBad},
      {"uni:\xd1\x87\xd0\xb0\xd1\x82", kOk, kOk},
      {"uni:123", kOk, kBad},
      {of_255, kOk, kOk},
      {of_256, kOk, kBad},
      {of_64k, kOk, kBad},
      {too_long, kBad, kBad},
      {"nope:x", kUnknown, kUnknown},
      {"nope:\xd1\x87", kUnknown, kUnknown},
      {"\xd1\x87:x", kUnknown, kUnknown},
      {unknown_long, kUnknown, kBad},
      {"$nope:x", kUnknown, kUnknown},
      {"cha:x", kUnknown, kUnknown},
      {"chat3:x", kUnknown, kUnknown},
      {"Chat:x", kUnknown, kUnknown},
      {"$$chat:x", kUnknown, kUnknown},
      {"#chat:x", kUnknown, kUnknown},
      {"chat#1:x", kUnknown, kUnknown},
      {"strict:A", kOk, kBad},
      {"strict:", kOk, kBad},
      {"strict:a1", kOk, kBad},
      {"$strict:1", kOk, kBad},
      {"loose:abc", kOk, kBad},
  };
  const auto code = [](const auto& found) { return found ? kOk : found.error().code; };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.channel.substr(0, 40));
    EXPECT_EQ(code(rules->Find(c.channel)), c.service);
    EXPECT_EQ(code(rules->FindForClient(c.channel)), c.client);
  }
}

TEST(Rules, PersonalChannelsHaveTheirNamespaceWhateverTheUsersId) {
  struct Case {
    const char* personal_namespace;
    std::string_view channel;
    bool personal;
    std::uint32_t history_size;
  };
  const Case cases[] = {
      {"", "#bob", true, 1},          {"", "#chat:bob", true, 1},       {"", "#", true, 1},
      {"", "chat:#bob", false, 2},    {"", "x#bob", false, 1},          {"", ":#bob", false, 1},
      {"", "$#bob", false, 1},        {"chat", "chat:#bob", true, 2},   {"chat", "chat:#a:b", true, 2},
      {"chat", "chat:x#b", false, 2}, {"chat", "$chat:#bob", false, 2}, {"chat", "chat2:#bob", false, 3},
      {"chat", "#bob", false, 1},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.personal_namespace) + " " + std::string(c.channel));
    const auto rules = *Rules::Make(TwoNamespaces(), c.personal_namespace);
    const auto channel = rules->Find(c.channel);
    ASSERT_TRUE(channel);
    EXPECT_EQ(channel->personal, c.personal);
    EXPECT_EQ(channel->options->history_size, c.history_size);
    if (c.personal) EXPECT_EQ(channel->owner(), c.channel.substr(c.channel.find('#') + 1));
  }
}

TEST(Rules, RegexIsSearchedInTheRestOnly) {
  const auto rules = Make(TwoNamespaces());
  EXPECT_TRUE(rules->FindForClient("strict:abc"));
  EXPECT_TRUE(rules->FindForClient("$strict:abc"));
  EXPECT_TRUE(rules->FindForClient("loose:a1b"));
  ChannelSettings settings;
  settings.without_namespace.channel_regex = "^[a-z]+$";
  const auto plain = Make(settings);
  EXPECT_TRUE(plain->FindForClient("abc"));
  EXPECT_TRUE(plain->FindForClient(":abc"));
  EXPECT_FALSE(plain->FindForClient("$abc")) << "without a namespace the '$' is part of what is matched";
}

TEST(Rules, MakeNamesTheRegexThatDoesNotCompile) {
  for (const char* regex : {"(", "[a", "a**", "(?=x)", "\\1", "x{1001}"}) {
    SCOPED_TRACE(regex);
    ChannelSettings settings;
    settings.namespaces["chat"].channel_regex = regex;
    const auto rules = Rules::Make(settings);
    ASSERT_FALSE(rules);
    EXPECT_EQ(rules.error().code, Errc::kInvalidArgument);
    EXPECT_NE(rules.error().detail.find("chat"), std::string::npos) << rules.error().detail;
    EXPECT_NE(rules.error().detail.find(regex), std::string::npos) << rules.error().detail;
  }
}

TEST(Rules, OptionsLiveAsLongAsTheRules) {
  auto rules = Make(TwoNamespaces());
  const ChannelOptions* options = rules->Find("chat:x")->options;
  const auto copy = rules;
  rules.reset();
  EXPECT_EQ(options->history_size, 2u);
  EXPECT_EQ(&copy->settings().namespaces.at("chat"), options);
}

TEST(Rules, FindDoesNotAllocate) {
  const auto rules = Make(TwoNamespaces());
  const std::string known = "chat:" + std::string(200, 'x');
  const std::string unknown = "nope:" + std::string(200, 'x');
  const std::size_t before = allocations;
  const bool found = rules->FindForClient(known).has_value() && rules->Find("$chat:a#1").has_value();
  const bool missed = !rules->Find(unknown).has_value();
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(found);
  EXPECT_TRUE(missed);
}

TEST(Rules, ServeManyThreads) {
  const auto rules = Make(TwoNamespaces());
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&rules, &wrong] {
      for (int i = 0; i < 2000; ++i) {
        const std::string number = std::to_string(i);
        if (!rules->FindForClient("loose:" + number)) ++wrong;
        if (rules->FindForClient("strict:" + number)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tidemill::channels
