#include "api/api.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <coroutine>
#include <set>

#include "api/params.h"
#include "api/testing/api_bench.h"
#include "net/testing/harness.h"

namespace tidemill::api {
namespace {

using testing::ApiBench;
using testing::Reply;
using Lines = std::vector<std::string>;

// A module as another pillar would bring it. Its calls wait at a gate until the test opens it.
struct Notes {
  bool open = true;
  std::vector<std::coroutine_handle<>> waiting;
  Lines kept;

  void Open() {
    open = true;
    for (const auto handle : std::exchange(waiting, {})) handle.resume();
  }
};

class Gate {
 public:
  explicit Gate(Notes& notes) : notes_(notes) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { std::erase(notes_.waiting, handle_); }
  bool await_ready() const { return notes_.open; }
  void await_suspend(std::coroutine_handle<> handle) { notes_.waiting.push_back(handle_ = handle); }
  void await_resume() const {}

 private:
  Notes& notes_;
  std::coroutine_handle<> handle_;
};

struct NoteParams {
  std::string text;
};
void Read(JsonReader& json, NoteParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "text") ReadParam(json, params.text);
  }
}

Task<Outcome> Keep(Notes& notes, NoteParams params) {
  if (params.text.empty()) co_return std::unexpected(protocol::kErrorBadRequest);
  co_await Gate(notes);
  notes.kept.push_back(std::move(params.text));
  co_return R"({"count":)" + std::to_string(notes.kept.size()) + "}";
}

struct NoParams {};
void Read(JsonReader& json, NoParams&) { json.Skip(); }

Task<Outcome> Count(Notes& notes, NoParams) {
  co_await Gate(notes);
  co_return R"({"count":)" + std::to_string(notes.kept.size()) + "}";
}

constexpr Schema kCountSchema{"Count", R"({"type":"object","properties":{"count":{"type":"integer"}}})"};

std::vector<Method> NoteMethods(Notes& notes) {
  const Description keep = {.summary = "Keep a note.",
                            .details = "It comes last.",
                            .params = R"({"type":"object","properties":{"text":{"type":"string"}}})",
                            .result = R"({"$ref":"#/components/schemas/Count"})",
                            .schemas = {kCountSchema}};
  const Description count = {.summary = "How many there are.",
                             .params = R"({"type":"object"})",
                             .result = R"({"$ref":"#/components/schemas/Count"})",
                             .schemas = {kCountSchema}};
  return {MakeMethod("note_keep", Effect::kChangesState, notes, Keep, keep),
          MakeMethod("note_count", Effect::kReads, notes, Count, count)};
}

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() { bench_.Serve(NoteMethods(notes_), {.changes_max = 3}); }
  ~ApiTest() override { bench_.Stop(); }

  void OpenGate() {
    bench_.loop(0).Post([this] { notes_.Open(); });
    bench_.Turn();
    bench_.Turn();
  }
  bool Counts(const std::string& line) { return bench_.registry.Text().contains(line + "\n"); }

  Notes notes_;
  ApiBench bench_;
};

TEST_F(ApiTest, ServesMethodsThatItDoesNotKnow) {
  EXPECT_EQ(bench_.Post("note_keep", R"({"text":"a"})"), (Reply{200, R"({"result":{"count":1}})"}));
  EXPECT_EQ(bench_.Post("note_keep", "{}"),
            (Reply{200, R"({"error":{"code":107,"message":"bad request"}})"}));
  EXPECT_EQ(bench_.Post("note_keep", R"({"text":1})").status, 400);
  EXPECT_EQ(
      bench_.Post("batch", R"({"commands":[{"note_keep":{"text":"b"}},{"note_count":{}},{"note":{}}]})"),
      (Reply{200, R"({"replies":[{"note_keep":{"count":2}},{"note_count":{"count":2}},)"
                  R"({"error":{"code":104,"message":"not found"}}]})"}));
  EXPECT_EQ(bench_.Post("", R"({"method":"note_count"})"), (Reply{200, R"({"result":{"count":2}})"}));
  EXPECT_EQ(notes_.kept, (Lines{"a", "b"}));
  EXPECT_TRUE(Counts(R"(tidemill_api_command_duration_seconds_count{method="note_keep"} 3)"));
  EXPECT_TRUE(Counts(R"(tidemill_api_command_errors_total{method="note_keep"} 1)"));
  EXPECT_TRUE(Counts(R"(tidemill_api_command_duration_seconds_count{method="note_count"} 2)"));
}

TEST_F(ApiTest, AsksForAKeyWhateverTheMethod) {
  for (const char* method : {"note_keep", "note_count", "batch", ""}) {
    EXPECT_EQ(bench_.PostWith(method, "{bad", {}),
              (Reply{401, "unauthorized: no API key; send the server's http_api.key in X-API-Key"}))
        << method;
  }
}

TEST(Api, AKeyForJobsOpensMethodsAboutJobsOnly) {
  Notes notes;
  ApiBench bench;
  std::vector<Method> methods = NoteMethods(notes);
  methods[1].rights = Rights::kJobs;  // note_count
  bench.Serve(std::move(methods));
  const ApiBench::Headers jobs = {{"X-API-Key", "j"}};
  EXPECT_EQ(bench.PostWith("note_count", "{}", jobs).status, 401);  // there is no such key
  HttpApiSettings settings = ApiBench::DefaultSettings();
  settings.jobs_keys = {{"j"}};
  bench.Reload(settings);
  EXPECT_EQ(bench.PostWith("note_count", "{}", jobs), (Reply{200, R"({"result":{"count":0}})"}));
  EXPECT_EQ(bench.PostWith("note_keep", R"({"text":"a"})", jobs),
            (Reply{401,
                   "unauthorized: http_api.jobs_key opens methods about jobs only; send the server's "
                   "http_api.key in X-API-Key"}));
  EXPECT_EQ(bench.PostWith("", R"({"method":"note_count"})", jobs).status, 401);
  EXPECT_EQ(bench.PostWith("batch", R"({"commands":[{"note_count":{}},{"note_keep":{"text":"a"}}]})", jobs),
            (Reply{200, R"({"replies":[{"note_count":{"count":0}},)"
                        R"({"error":{"code":103,"message":"permission denied"}}]})"}));
  EXPECT_EQ(bench.Post("batch", R"({"commands":[{"note_keep":{"text":"a"}}]})"),
            (Reply{200, R"({"replies":[{"note_keep":{"count":1}}]})"}));
}

TEST_F(ApiTest, RunsNothingOfABatchThatCannotBeRead) {
  const char* note = R"({"note_keep":{"text":"a"}})";
  EXPECT_EQ(bench_.Post("batch", std::string(R"({"commands":[)") + note + R"(,{"note_keep":[]}]})").status,
            400);
  EXPECT_EQ(
      bench_.Post("", R"({"method":"note_keep","params":{"text":"a"}} {"method":"note_keep","params":1})")
          .status,
      400);
  EXPECT_EQ(notes_.kept, Lines{});
}

TEST_F(ApiTest, DescribesItsMethods) {
  const Reply reply = bench_.Get("/api/openapi.json");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(IsJsonObject(reply.body));
  for (const char* part :
       {R"("servers":[{"url":"/api"}])", R"("/note_keep":{"post":{"operationId":"note_keep",)",
        R"("summary":"Keep a note.","description":"It comes last.")",
        R"("/note_count":{"post":{"operationId":"note_count")", R"("/batch":{"post":{"operationId":"batch")",
        R"("enum":["note_keep","note_count"])", R"("schemas":{"Count":{"type":"object")"}) {
    EXPECT_TRUE(reply.body.contains(part)) << part << " in " << reply.body;
  }
}

class BrokenConnectionTest : public ApiTest {
 protected:
  BrokenConnectionTest() {
    for (const Route& route : bench_.routes()) router_->Add(route.method, route.path, route.handler);
    server_ = http::Server::Make(bench_.loop(0), router_, {});
    notes_.open = false;
  }

  // A client that sends a request and resets the connection.
  void AskAndReset(std::string_view path, std::string_view body) {
    auto [ours, theirs] = net::testing::TcpPair();
    server_->OnStream(net::Stream::Adopt(bench_.loop(0), theirs.Release(), {}, nullptr),
                      net::Admission::kAdmitted);
    net::testing::WriteAll(ours.get(), "POST /api" + std::string(path) +
                                           " HTTP/1.1\r\nHost: h\r\nX-API-Key: k\r\nContent-Length: " +
                                           std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    ASSERT_TRUE(net::testing::RunUntil(bench_.loop(0), [this] { return !notes_.waiting.empty(); }));
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ASSERT_EQ(setsockopt(ours.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    ours = {};
    ASSERT_TRUE(net::testing::RunUntil(bench_.loop(0), [this] { return server_->connections() == 0; }));
  }

  std::shared_ptr<http::Router> router_ = std::make_shared<http::Router>();
  std::unique_ptr<http::Server> server_;
};

TEST_F(BrokenConnectionTest, WhatChangesStateIsDoneToItsEnd) {
  for (const char* parallel : {"false", "true"}) {
    SCOPED_TRACE(parallel);
    notes_ = {.open = false, .waiting = {}, .kept = {}};
    AskAndReset("/batch", std::string(R"({"commands":[{"note_keep":{"text":"a"}},{"note_count":{}},)"
                                      R"({"note_keep":{"text":"b"}}],"parallel":)") +
                              parallel + "}");
    EXPECT_EQ(notes_.kept, Lines{});
    EXPECT_EQ(bench_.changes(), 1u);
    OpenGate();
    EXPECT_EQ(notes_.kept, (Lines{"a", "b"}));
    EXPECT_EQ(bench_.changes(), 0u);
  }
  notes_ = {.open = false, .waiting = {}, .kept = {}};
  AskAndReset("/note_keep", R"({"text":"a"})");
  OpenGate();
  EXPECT_EQ(notes_.kept, Lines{"a"});
  notes_ = {.open = false, .waiting = {}, .kept = {}};
  AskAndReset("",
              R"({"method":"note_keep","params":{"text":"a"}} {"method":"note_keep","params":{"text":"b"}})");
  OpenGate();
  EXPECT_EQ(notes_.kept, (Lines{"a", "b"}));
}

TEST_F(BrokenConnectionTest, WhatOnlyReadsEndsWithIt) {
  AskAndReset("/note_count", "{}");
  EXPECT_TRUE(notes_.waiting.empty());
  AskAndReset("/batch", R"({"commands":[{"note_count":{}}]})");
  EXPECT_TRUE(notes_.waiting.empty());
}

TEST_F(ApiTest, RefusesMoreChangesThanItsLimit) {
  const Reply refused{200, R"({"error":{"code":106,"message":"limit exceeded"}})"};
  notes_.open = false;
  for (const char* text : {"a", "b", "c"}) {
    const auto gone = bench_.Begin("note_keep", std::string(R"({"text":")") + text + "\"}");
    bench_.Turn();
    EXPECT_FALSE(ApiBench::ReplyOf(*gone));
  }
  EXPECT_EQ(bench_.Post("note_keep", R"({"text":"d"})"), refused);
  EXPECT_EQ(bench_.Post("batch", R"({"commands":[{"note_keep":{"text":"d"}}]})"),
            (Reply{200, R"({"replies":[{"error":{"code":106,"message":"limit exceeded"}}]})"}));
  EXPECT_TRUE(Counts("tidemill_api_refused_total 2"));
  OpenGate();
  EXPECT_EQ(bench_.Post("note_keep", R"({"text":"d"})").body, R"({"result":{"count":4}})");
  EXPECT_EQ(notes_.kept, (Lines{"a", "b", "c", "d"}));
}

TEST_F(ApiTest, TheAnswersOfABatchAreBoundedTogether) {
  api::HttpApiSettings settings = ApiBench::DefaultSettings();
  settings.answer_max_size = 25;  // two of {"count":1}
  bench_.Reload(settings);
  const std::string too_large =
      R"("error":{"code":106,"message":"limit exceeded: the answer is over http_api.answer_max_size"})";
  for (const char* parallel : {"false", "true"}) {
    notes_.kept.clear();
    EXPECT_EQ(
        bench_.Post("batch", std::string(R"({"commands":[{"note_keep":{"text":"a"}},{"note_count":{}},)"
                                         R"({"note_count":{}},{"note_count":{}},{"note_keep":{"text":"b"}}],)"
                                         R"("parallel":)") +
                                 parallel + "}"),
        (Reply{200, R"({"replies":[{"note_keep":{"count":1}},{"note_count":{"count":1}},)"
                    R"({"note_count":{"count":1}},{)" +
                        too_large + R"(},{"note_keep":{"count":2}}]})"}))
        << parallel;
  }
  settings.answer_max_size = 10;
  bench_.Reload(settings);
  EXPECT_EQ(bench_.Post("note_count", "{}"), (Reply{200, "{" + too_large + "}"}));
  EXPECT_EQ(bench_.Post("", R"({"method":"note_count"})"), (Reply{200, "{" + too_large + "}"}));
  EXPECT_EQ(bench_.Post("note_keep", R"({"text":"c"})"), (Reply{200, R"({"result":{"count":3}})"}));
  EXPECT_TRUE(Counts("tidemill_api_answers_refused_total 4"));
}

TEST(ApiErrors, EveryCodeHasAStatus) {
  const std::pair<ErrorCode, int> cases[] = {
      {protocol::kErrorInternal, 500},
      {protocol::kErrorUnknownChannel, 404},
      {kErrorNotFound, 404},
      {protocol::kErrorLimitExceeded, 503},
      {protocol::kErrorBadRequest, 400},
      {protocol::kErrorNotAvailable, 400},
      {protocol::kErrorUnrecoverablePosition, 416},
      {protocol::kErrorConcurrentPagination, 409},
      {protocol::kErrorPermissionDenied, 403},
  };
  for (const auto& [error, status] : cases) EXPECT_EQ(HttpStatusOf(error), status) << error.code;
}

}  // namespace
}  // namespace tidemill::api
