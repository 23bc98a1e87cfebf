#include "http/router.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace tidemill::http {
namespace {

class Nothing final : public Handler {
 public:
  Task<Response> Handle(const Request&) override { co_return Response(); }
};

class Taking final : public TakeoverHandler {
 public:
  std::optional<Response> TakeOver(const Request&, std::unique_ptr<net::Stream>&, std::string_view,
                                   HeadWriter&) override {
    return std::nullopt;
  }
  bool idle() const override { return true; }
};

// Routes under their patterns, to be found again by their handlers.
class RouterTest : public testing::Test {
 protected:
  void Add(std::string pattern, Method method = Method::kGet) {
    auto handler = std::make_shared<Nothing>();
    patterns_[handler.get()] = pattern;
    router_.Add(method, pattern, std::move(handler));
  }
  // "/users/{id} id=7", "none".
  std::string Find(std::string_view path) {
    std::vector<std::string_view> values;
    const Router::Route* const route = router_.Find(path, values);
    if (route == nullptr) return values.empty() ? "none" : "none, with values left";
    const Router::Endpoint& endpoint = route->endpoints.front();
    std::string found = patterns_[endpoint.handler.get()];
    EXPECT_EQ(endpoint.parameter_names->size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      found += " " + (*endpoint.parameter_names)[i] + "=" + std::string(values[i]);
    }
    return found;
  }
  std::string Allow(std::string_view path) {
    std::vector<std::string_view> values;
    return router_.Find(path, values)->allow;
  }

  Router router_;
  std::map<const Handler*, std::string> patterns_;
};

TEST_F(RouterTest, TheMostSpecificPatternServes) {
  // In an order that the first match would get wrong.
  for (const char* pattern : {"/*", "/files/*", "/users/{id}", "/users/{id}/posts",
                              "/users/{id}/posts/{post}", "/users/me", "/users/me/settings", "/users/{id}/*",
                              "/files/deep/er/*", "/files/{name}/raw", "/exact", "/users/"}) {
    Add(pattern);
  }
  struct Case {
    const char* path;
    const char* found;
  };
  const Case cases[] = {
      {"/exact", "/exact"},
      {"/exact/", "/*"},
      {"/exac", "/*"},
      {"/", "/*"},
      {"/users/me", "/users/me"},
      {"/users/7", "/users/{id} id=7"},
      {"/users/", "/users/"},
      {"/users//posts", "/*"},  // a named segment is not empty
      {"/users/me/settings", "/users/me/settings"},
      {"/users/me/posts", "/users/{id}/posts id=me"},  // back from the exact branch
      {"/users/7/posts", "/users/{id}/posts id=7"},
      {"/users/7/posts/8", "/users/{id}/posts/{post} id=7 post=8"},
      {"/users/7/posts/8/9", "/users/{id}/* id=7"},
      {"/users/a%2Fb", "/users/{id} id=a%2Fb"},
      {"/files", "/*"},
      {"/files/", "/files/*"},
      {"/files/a/b", "/files/*"},
      {"/files/a/raw", "/files/{name}/raw name=a"},
      {"/files/deep/er", "/files/*"},
      {"/files/deep/er/x", "/files/deep/er/*"},  // the longest
      {"/files/deep/raw", "/files/{name}/raw name=deep"},
      {"*", "none"},
      {"", "none"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    EXPECT_EQ(Find(c.path), c.found);
  }
}

TEST_F(RouterTest, NothingIsFoundWithoutAPattern) {
  EXPECT_EQ(Find("/"), "none");
  Add("/a/{b}/c");
  EXPECT_EQ(Find("/a/1/d"), "none");
  EXPECT_EQ(Find("/a/1"), "none");
  EXPECT_EQ(Find("/a/1/c/"), "none");
}

TEST_F(RouterTest, AllowListsTheMethodsOfThePath) {
  Add("/a");
  Add("/a", Method::kPost);
  Add("/b/{c}", Method::kDelete);
  router_.AddTakeover(Method::kPost, "/d/*", std::make_shared<Taking>());
  EXPECT_EQ(Allow("/a"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(Allow("/b/1"), "DELETE, OPTIONS");
  EXPECT_EQ(Allow("/d/e"), "POST, OPTIONS");
}

TEST_F(RouterTest, AMethodFindsItsHandlerAndItsNames) {
  Add("/a/{first}");
  Add("/a/{second}", Method::kPut);
  router_.AddTakeover(Method::kGet, "/b", std::make_shared<Taking>());
  std::vector<std::string_view> values;
  const Router::Route* const a = router_.Find("/a/1", values);
  EXPECT_EQ(*a->For(Method::kGet)->parameter_names, std::vector<std::string>{"first"});
  EXPECT_EQ(a->For(Method::kHead), a->For(Method::kGet));
  EXPECT_EQ(*a->For(Method::kPut)->parameter_names, std::vector<std::string>{"second"});
  EXPECT_EQ(a->For(Method::kDelete), nullptr);
  const Router::Route* const b = router_.Find("/b", values);
  EXPECT_NE(b->For(Method::kGet)->takeover, nullptr);
  EXPECT_EQ(b->For(Method::kHead), nullptr);
}

TEST(RouterPattern, IsChecked) {
  struct Case {
    const char* pattern;
    bool good;
  };
  const Case cases[] = {
      {"/", true},      {"/a/b", true},   {"/{a}", true},      {"/{a_1}/x/{b}/*", true}, {"/*", true},
      {"", false},      {"a", false},     {"/*/a", false},     {"/a*", false},           {"/{}", false},
      {"/{a}b", false}, {"/x{a}", false}, {"/{a}/{a}", false}, {"/{a-b}", false},        {"/{a", false},
      {"/a}", false},   {"/{", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.pattern);
    EXPECT_EQ(Router::CheckPattern(c.pattern).has_value(), c.good);
  }
}

}  // namespace
}  // namespace tidemill::http
