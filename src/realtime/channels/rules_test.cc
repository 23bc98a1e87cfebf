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

TEST(Rules, FindRefusesWithTheDocumentedCode) {
  const auto rules = Make(TwoNamespaces());
  const std::string long_name = "chat:" + std::string(251, 'x');
  struct Case {
    std::string_view channel;
    protocol::ErrorCode code;
  };
  const Case cases[] = {
      {"", protocol::kErrorBadRequest},
      {"a b", protocol::kErrorBadRequest},
      {"a\n", protocol::kErrorBadRequest},
      {std::string_view("a\0b", 3), protocol::kErrorBadRequest},
      {"caf\xc3\xa9", protocol::kErrorBadRequest},
      {long_name, protocol::kErrorBadRequest},
      {"nope:x", protocol::kErrorUnknownChannel},
      {"$nope:x", protocol::kErrorUnknownChannel},
      {"cha:x", protocol::kErrorUnknownChannel},
      {"chat3:x", protocol::kErrorUnknownChannel},
      {"Chat:x", protocol::kErrorUnknownChannel},
      {"$$chat:x", protocol::kErrorUnknownChannel},
      {"#chat:x", protocol::kErrorUnknownChannel},
      {"chat#1:x", protocol::kErrorUnknownChannel},
      {"strict:A", protocol::kErrorBadRequest},
      {"strict:", protocol::kErrorBadRequest},
      {"strict:a1", protocol::kErrorBadRequest},
      {"$strict:1", protocol::kErrorBadRequest},
      {"loose:abc", protocol::kErrorBadRequest},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.channel);
    const auto channel = rules->Find(c.channel);
    ASSERT_FALSE(channel);
    EXPECT_EQ(channel.error(), c.code);
  }
}

TEST(Rules, RegexIsSearchedInTheRestOnly) {
  const auto rules = Make(TwoNamespaces());
  EXPECT_TRUE(rules->Find("strict:abc"));
  EXPECT_TRUE(rules->Find("$strict:abc"));
  EXPECT_TRUE(rules->Find("loose:a1b"));
  ChannelSettings settings;
  settings.without_namespace.channel_regex = "^[a-z]+$";
  const auto plain = Make(settings);
  EXPECT_TRUE(plain->Find("abc"));
  EXPECT_TRUE(plain->Find(":abc"));
  EXPECT_FALSE(plain->Find("$abc")) << "without a namespace the '$' is part of what is matched";
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
  const bool found = rules->Find(known).has_value() && rules->Find("$chat:a#1").has_value();
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
        if (!rules->Find("loose:" + number)) ++wrong;
        if (rules->Find("strict:" + number)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tidemill::channels
