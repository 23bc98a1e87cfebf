// The request, and where it must not go: a server that listens on this machine is not reached.
#include "jobs/webhooks/request.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/client.h"
#include "http/server.h"
#include "jobs/webhooks/signature.h"
#include "net/listener.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::webhooks {
namespace {

std::string HeaderOf(const http::ClientRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "none";
}

TEST(Request, CarriesTheJobAndItsSignature) {
  EndpointOptions endpoint{.queue = "mail",
                           .url = *http::Url::Parse("https://example.com/jobs?key=1"),
                           .keys = {*ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}};
  const Delivery delivery{.jid = "job-12345", .type = "Send", .text = R"({"jid":"job-12345"})", .attempt = 3};
  const http::ClientRequest request = RequestFor(endpoint, delivery, WallTime{1'700'000'000'999});
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, delivery.text);
  EXPECT_FALSE(request.allow_private_addresses);
  EXPECT_EQ(HeaderOf(request, "webhook-id"), "job-12345");
  EXPECT_EQ(HeaderOf(request, "webhook-timestamp"), "1700000000");
  EXPECT_EQ(HeaderOf(request, "webhook-signature"),
            SignatureOf({.id = "job-12345", .at = WallTime{1'700'000'000'000}, .body = delivery.text},
                        endpoint.keys));
  EXPECT_EQ(HeaderOf(request, "Tidemill-Queue"), "mail");
  EXPECT_EQ(HeaderOf(request, "Tidemill-Type"), "Send");
  EXPECT_EQ(HeaderOf(request, "Tidemill-Attempt"), "3");
  EXPECT_EQ(ShownUrl(endpoint.url), "https://example.com/jobs");

  endpoint.keys.clear();
  EXPECT_EQ(HeaderOf(RequestFor(endpoint, {.type = "\xc3\xa4"}, WallTime{}), "webhook-signature"), "none");
  EXPECT_EQ(HeaderOf(RequestFor(endpoint, {.type = "\xc3\xa4"}, WallTime{}), "Tidemill-Type"), "none");
}

class Canary final : public http::Handler {
 public:
  Task<http::Response> Handle(const http::Request&) override {
    ++hits;
    co_return http::Response::Text(200, "hit");
  }
  int hits = 0;
};

TEST(Request, PrivateAddressesAreNotReachedHoweverTheyAreWritten) {
  const auto loop = net::testing::OpenLoop();
  const auto router = std::make_shared<http::Router>();
  const auto canary = std::make_shared<Canary>();
  router->Add(http::Method::kPost, "/", canary);
  const auto server = http::Server::Make(*loop, router, {});
  net::ListenerOptions options;
  options.address = *net::ListenAddress::Parse(":0");
  const auto listener = *net::OpenListener(*loop, std::move(options), *server);
  const std::string port = std::to_string(listener->bound().tcp.port);

  const auto send = [&](std::string_view host, bool allow_private) {
    const auto url = http::Url::Parse("http://" + std::string(host) + ":" + port + "/");
    if (!url) return Result<http::ClientResponse>(std::unexpected(url.error()));
    const EndpointOptions endpoint{
        .queue = "q", .url = *url, .timeout = Seconds(2), .allow_private = allow_private};
    return net::testing::RunTask(
        *loop, http::Fetch(*loop, nullptr, RequestFor(endpoint, {.jid = "12345678"}, WallTime{})));
  };
  for (const char* host : {"127.0.0.1",
                           "127.1",
                           "127.0.1",
                           "2130706433",
                           "0x7f000001",
                           "0x7f.1",
                           "0177.0.0.1",
                           "017700000001",
                           "127.0.0.1.",
                           "127.000.000.001",
                           "0.0.0.0",
                           "0",
                           "[::1]",
                           "[::]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:7f00:1]",
                           "[0:0:0:0:0:0:0:1]",
                           "[64:ff9b::127.0.0.1]",
                           "[2002:7f00:1::]",
                           "localhost",
                           "LOCALHOST",
                           "localhost.",
                           "169.254.169.254",
                           "[fd00:ec2::254]",
                           "[fe80::1]",
                           "10.0.0.1",
                           "172.16.0.1",
                           "192.168.0.1",
                           "100.64.0.1",
                           "user@127.0.0.1",
                           "127.0.0.1%00.example.com"}) {
    SCOPED_TRACE(host);
    EXPECT_FALSE(send(host, false).has_value());
  }
  EXPECT_EQ(canary->hits, 0);
  ASSERT_TRUE(send("127.0.0.1", true).has_value()) << "the server would have been there";
  EXPECT_EQ(canary->hits, 1);
}

}  // namespace
}  // namespace tidemill::webhooks
