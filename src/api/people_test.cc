// Who has signed in, before the API: what roles open, and what is noted.
#include "api/people.h"

#include <gtest/gtest.h>

#include <deque>

#include "api/audit_target.h"
#include "api/testing/api_bench.h"

namespace tidemill::api {
namespace {

using testing::ApiBench;
using testing::Reply;

struct NoParams {};
void Read(JsonReader& json, NoParams&) { json.Skip(); }

struct Counter {
  int runs = 0;
};
Task<Outcome> Run(Counter& counter, NoParams) {
  ++counter.runs;
  co_return "{}";
}
Task<Outcome> Fail(Counter& counter, NoParams) {
  ++counter.runs;
  co_return std::unexpected(Failure(protocol::kErrorBadRequest, "no such thing"));
}

// A method for each admission: "look", "act", "rule" (admins), "work" (programs), "new" (not decided).
std::vector<Method> MethodsOf(Counter& counter) {
  const auto make = [&](JsonName name, Effect effect, std::optional<Admission> admission, auto run) {
    Method method = MakeMethod(name, effect, counter, run, {.summary = "", .params = "{}"});
    method.admission = admission;
    return method;
  };
  constexpr Effect kReads = Effect::kReads;
  constexpr Effect kChanges = Effect::kChangesState;
  return {make("look", kReads, Admission{.least = Role::kViewer}, Run),
          make("act", kChanges, Admission{.least = Role::kOperator, .acts = true}, Run),
          make("act_in_vain", kChanges, Admission{.least = Role::kOperator, .acts = true}, Fail),
          make("rule", kChanges, Admission{.least = Role::kAdmin, .acts = true}, Run),
          make("work", kChanges, Admission{.least = std::nullopt, .acts = true}, Run),
          make("new", kChanges, std::nullopt, Run)};
}

// Knows whose session is called after a role.
class FakePeople final : public People {
 public:
  struct Notes {
    std::deque<std::string> lines;
    bool broken = false;
  };
  explicit FakePeople(Notes& notes) : notes_(notes) {}

  bool HasCredentials(const http::Request& request) const override {
    return request.Header("cookie").has_value();
  }
  Task<std::expected<Person, Stranger>> Identify(const http::Request& request) override {
    const std::string_view cookie = request.Header("cookie").value_or("");
    if (cookie == "down") co_return std::unexpected(Stranger{503, "the database does not answer"});
    const std::optional<Role> role = ParseRole(cookie);
    if (!role) co_return std::unexpected(Stranger{401, "you are not logged in; log in"});
    co_return Person{.user = "id of " + std::string(cookie), .address = "10.0.0.1", .role = *role};
  }
  Task<Result<std::int64_t>> BeginAction(Person person, std::string action, std::string target) override {
    if (notes_.broken) co_return ::tidemill::Fail(Errc::kUnavailable, "the disk is full");
    notes_.lines.push_back(person.user + " " + action + " " + target);
    co_return static_cast<std::int64_t>(notes_.lines.size());
  }
  Task<Result<>> EndAction(std::int64_t entry, std::string result) override {
    notes_.lines[static_cast<std::size_t>(entry - 1)] += ": " + result;
    co_return {};
  }

 private:
  Notes& notes_;
};

class PeopleTest : public ::testing::Test {
 protected:
  PeopleTest() { bench_.Serve(MethodsOf(counter_), {}, std::make_unique<FakePeople>(notes_)); }
  ~PeopleTest() override { bench_.Stop(); }

  Reply As(std::string_view cookie, std::string_view method, std::string_view body = "{}") {
    return bench_.PostWith(method, body, {{"Cookie", cookie}});
  }
  bool Counts(const std::string& line) { return bench_.registry.Text().contains(line + "\n"); }

  Counter counter_;
  FakePeople::Notes notes_;
  ApiBench bench_;
};

TEST_F(PeopleTest, EachRoleOpensWhatItNeedsAndNothingElse) {
  const struct {
    std::string_view method;
    bool viewer, is_operator, admin;
  } rows[] = {{"look", true, true, true},
              {"act", false, true, true},
              {"rule", false, false, true},
              {"work", false, false, false},
              {"new", false, false, false}};
  for (const auto& row : rows) {
    for (const auto& [cookie, may] : {std::pair<std::string_view, bool>{"viewer", row.viewer},
                                      {"operator", row.is_operator},
                                      {"admin", row.admin}}) {
      const int before = counter_.runs;
      const Reply reply = As(cookie, row.method);
      EXPECT_EQ(reply.status, may ? 200 : 403) << cookie << " " << row.method << " " << reply.body;
      EXPECT_EQ(counter_.runs - before, may ? 1 : 0) << cookie << " " << row.method;
    }
  }
  EXPECT_EQ(As("viewer", "act").body,
            R"({"code":103,"message":"permission denied: act needs the role operator; yours is viewer"})");
  EXPECT_EQ(As("admin", "work").body,
            R"({"code":103,"message":"permission denied: work is for programs, with a key of the API"})");
  EXPECT_TRUE(Counts(R"(tidemill_api_requests_refused_total{reason="role"} 11)")) << bench_.registry.Text();
}

TEST_F(PeopleTest, WhoIsNotSignedInIsToldSoBeforeAnythingIsRead) {
  EXPECT_EQ(As("nobody", "look", "{bad"), (Reply{401, "unauthorized: you are not logged in; log in"}));
  EXPECT_EQ(As("down", "look"),
            (Reply{503, R"({"code":115,"message":"not available now: the database does not answer"})"}));
  EXPECT_EQ(As("viewer", "look", "{bad").status, 400);
  EXPECT_EQ(counter_.runs, 0);
  EXPECT_TRUE(Counts(R"(tidemill_api_requests_refused_total{reason="session"} 2)"));
}

TEST_F(PeopleTest, NobodyRunsABatchWithASession) {
  for (const char* method : {"batch", ""}) {
    EXPECT_EQ(As("admin", method, R"({"commands":[{"look":{}}]})").status, 401) << method;
  }
  EXPECT_EQ(counter_.runs, 0);
}

TEST_F(PeopleTest, AKeyDecidesAlone) {
  EXPECT_EQ(bench_.PostWith("new", "{}", {{"Cookie", "viewer"}, {"X-API-Key", "k"}}).status, 200);
  EXPECT_EQ(bench_.PostWith("look", "{}", {{"Cookie", "admin"}, {"X-API-Key", "wrong"}}).status, 401);
  EXPECT_TRUE(notes_.lines.empty());
}

TEST_F(PeopleTest, WhatIsDoneIsNotedWithWhatCameOfIt) {
  As("viewer", "look", R"({"user":"ann"})");
  As("operator", "act", R"({"channel":"demo:news","data":{"secret":1},"user":"ann"})");
  As("operator", "act_in_vain", R"({"jids":["a","b"]})");
  ASSERT_EQ(notes_.lines.size(), 2u) << "looking is not noted";
  EXPECT_EQ(notes_.lines[0], R"(id of operator api.act channel="demo:news" user="ann": done)");
  EXPECT_EQ(notes_.lines[1],
            R"(id of operator api.act_in_vain jids=["a","b"]: error 107, bad request: no such thing)");
}

TEST_F(PeopleTest, WhatCannotBeNotedIsNotDone) {
  notes_.broken = true;
  EXPECT_EQ(As("operator", "act"),
            (Reply{200, R"({"error":{"code":115,"message":"not available now: nothing was done, )"
                        R"(as the audit log cannot be written: the disk is full"}})"}));
  EXPECT_EQ(As("viewer", "look").status, 200);
  EXPECT_EQ(counter_.runs, 1);
}

TEST(AuditTarget, NamesWhatACallIsAboutAndKeepsWhatItCarriesOut) {
  EXPECT_EQ(AuditTarget(R"({"data":{"user":"x"},"channel":"a\"b","args":[1],"all":true})"),
            R"(channel="a\"b" all=true)");
  EXPECT_EQ(AuditTarget("[]"), "");
  EXPECT_EQ(AuditTarget("{bad"), "");
  EXPECT_EQ(AuditTarget("{\"jids\":[\"a\",\n\"b\"]}"), R"(jids=["a", "b"])");
  const std::string many = AuditTarget(R"({"channel":")" + std::string(5000, 'x') + R"(","user":"u"})");
  EXPECT_EQ(many.size(), kAuditTargetBytesMax);
  EXPECT_EQ(AuditTarget(R"({"channel":"ä)" + std::string(5000, 'x') + R"("})").substr(0, 12), "channel=\"äx");
}

}  // namespace
}  // namespace tidemill::api
