// The key set source against an HTTP endpoint on the loopback interface.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "auth/jwks.h"
#include "auth/testing/run_now.h"
#include "auth/testing/signer.h"
#include "net/listener.h"
#include "net/testing/harness.h"

namespace tidemill::auth {
namespace {

using testing::Signer;
using testing::Store;

// Answers every request with the same bytes and closes; keeps the requests.
class Endpoint final : public net::StreamAcceptor {
 public:
  Endpoint(net::Loop& loop, std::string answer) : loop_(loop), answer_(std::move(answer)) {
    net::ListenerOptions options;
    options.address = *net::ListenAddress::Parse("127.0.0.1:0");
    auto listener = net::OpenListener(loop, std::move(options), *this);
    if (!listener) ADD_FAILURE() << listener.error().detail;
    listener_ = *std::move(listener);
  }
  ~Endpoint() {
    for (auto& connection : connections_) loop_.Retire(std::move(connection->stream));
    net::testing::RunTurns(loop_);
  }

  void OnStream(std::unique_ptr<net::Stream> stream, net::Admission) override {
    auto& connection = *connections_.emplace_back(std::make_unique<Connection>());
    connection.endpoint = this;
    connection.stream = std::move(stream);
    connection.stream->SetHandler(&connection);
    connection.stream->ReadNow();
  }

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(listener_->bound().tcp.port) + "/keys?set=1";
  }
  std::size_t requests() const { return connections_.size(); }
  const std::string& request(std::size_t i) const { return connections_[i]->request; }

 private:
  struct Connection final : net::StreamHandler {
    void OnData(std::string_view bytes) override {
      request += bytes;
      if (!request.ends_with("\r\n\r\n") || endpoint->answer_.empty()) return;
      stream->Queue(endpoint->answer_);
      stream->CloseAfterFlush(Seconds(1));
    }
    void OnWritable() override {}
    void OnClosed() override {}

    Endpoint* endpoint = nullptr;
    std::unique_ptr<net::Stream> stream;
    std::string request;
  };

  net::Loop& loop_;
  const std::string answer_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

std::string Answer(std::string_view status, std::string_view body, std::string_view more = "") {
  return "HTTP/1.1 " + std::string(status) +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n" + std::string(more) + "\r\n" + std::string(body);
}

class JwksOverHttpTest : public ::testing::Test {
 protected:
  Result<PublicKeyPtr> Find(const Endpoint& endpoint, const std::string& kid) {
    auto source = MakeJwksSource(*loop_, JwksOptions{.endpoint = endpoint.url()});
    if (!source) return std::unexpected(source.error());
    std::optional<Result<PublicKeyPtr>> found;
    TaskScope scope;
    scope.Spawn(Store((*source)->Find(kid), found));
    if (!net::testing::RunUntil(*loop_, [&found] { return found.has_value(); })) {
      return Fail(Errc::kInternal, "the test gave up");
    }
    return *std::move(found);
  }

  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  Signer signer_ = Signer::Generate(Algorithm::kEs256);
  std::string set_ = R"({"keys":[)" + signer_.Jwk("k") + "]}";
};

TEST_F(JwksOverHttpTest, FetchesTheSetWithOneGet) {
  const Endpoint endpoint(*loop_, Answer("200 OK", set_));
  const auto key = Find(endpoint, "k");
  ASSERT_TRUE(key) << key.error().detail;
  EXPECT_TRUE((*key)->Verify(Algorithm::kEs256, "x", signer_.Sign("x")));
  ASSERT_EQ(endpoint.requests(), 1u);
  EXPECT_TRUE(endpoint.request(0).starts_with("GET /keys?set=1 HTTP/1.1\r\n")) << endpoint.request(0);
}

TEST_F(JwksOverHttpTest, RefusesEveryOtherAnswer) {
  const Endpoint elsewhere(*loop_, Answer("200 OK", set_));
  const std::string huge = R"({"pad":")" + std::string(256 * 1024, 'x') + R"(",)" + set_.substr(1);
  struct Case {
    const char* name;
    std::string answer;
  };
  const Case cases[] = {
      {"redirect", Answer("302 Found", "", "Location: " + elsewhere.url() + "\r\n")},
      {"redirect with a body",
       Answer("307 Temporary Redirect", set_, "Location: " + elsewhere.url() + "\r\n")},
      {"not found", Answer("404 Not Found", set_)},
      {"server error", Answer("500 Internal Server Error", set_)},
      {"over 256 KiB", Answer("200 OK", huge)},
      {"no JSON", Answer("200 OK", "<html>")},
      {"no HTTP", "keys: none\r\n\r\n"},
      {"cut short", Answer("200 OK", set_).substr(0, 150)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Endpoint endpoint(*loop_, c.answer);
    const auto key = Find(endpoint, "k");
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Errc::kUnavailable);
    EXPECT_EQ(endpoint.requests(), 1u);
  }
  EXPECT_EQ(elsewhere.requests(), 0u) << "no redirect is followed";
}

TEST(JwksOverHttp, GivesUpOnASilentEndpointAfterTwoSeconds) {
  ManualClock clock;
  const auto loop = net::testing::OpenLoop({.clock = &clock});
  const Endpoint endpoint(*loop, "");
  auto source = MakeJwksSource(*loop, JwksOptions{.endpoint = endpoint.url()});
  ASSERT_TRUE(source);
  std::optional<Result<PublicKeyPtr>> found;
  TaskScope scope;
  scope.Spawn(Store((*source)->Find("k"), found));
  ASSERT_TRUE(net::testing::RunUntil(
      *loop, [&endpoint] { return endpoint.requests() == 1 && !endpoint.request(0).empty(); }));
  clock.Advance(Milliseconds(1900));
  net::testing::RunTurns(*loop);
  EXPECT_FALSE(found);
  clock.Advance(Milliseconds(200));
  ASSERT_TRUE(net::testing::RunUntil(*loop, [&found] { return found.has_value(); }));
  ASSERT_FALSE(*found);
  EXPECT_EQ(found->error().code, Errc::kUnavailable);
}

TEST(MakeJwksSource, RefusesEndpointsItCannotAsk) {
  const auto loop = net::testing::OpenLoop();
  for (const char* endpoint : {"", "idp.example/keys", "ftp://idp.example/keys", "file:///etc/passwd",
                               "http://user:password@idp.example/keys", "https://idp.example/keys"}) {
    SCOPED_TRACE(endpoint);
    const auto source = MakeJwksSource(*loop, JwksOptions{.endpoint = endpoint});  // no TLS given
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().code, Errc::kInvalidArgument);
  }
}

}  // namespace
}  // namespace tidemill::auth
