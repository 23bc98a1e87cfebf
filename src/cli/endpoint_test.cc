#include "cli/endpoint.h"

#include <gtest/gtest.h>

#include "settings/settings.h"

namespace tidemill::cli {
namespace {

TEST(Endpoint, IsParsedOrRefused) {
  struct Good {
    std::string_view url;
    Endpoint endpoint;
    std::string_view host_header;
  };
  const Good good[] = {
      {"http://127.0.0.1:8000", {false, "127.0.0.1", 8000, ""}, "127.0.0.1:8000"},
      {"http://example.com", {false, "example.com", 80, ""}, "example.com"},
      {"https://example.com/", {true, "example.com", 443, ""}, "example.com"},
      {"ws://[::1]:9000/a/b/", {false, "::1", 9000, "/a/b"}, "[::1]:9000"},
      {"wss://rt.example.com:443/connection/websocket",
       {true, "rt.example.com", 443, "/connection/websocket"},
       "rt.example.com"},
  };
  for (const Good& c : good) {
    SCOPED_TRACE(c.url);
    const Result<Endpoint> parsed = Endpoint::Parse(c.url);
    ASSERT_TRUE(parsed) << parsed.error().detail;
    EXPECT_EQ(*parsed, c.endpoint);
    EXPECT_EQ(parsed->HostHeader(), c.host_header);
  }
  for (const std::string_view url :
       {"", "example.com", "ftp://example.com", "http://", "http://:80", "http://a:0", "http://a:65536",
        "http://a:", "http://a:8x", "http://user:password@a", "http://a/?x=1", "http://a/#x", "http://a b",
        "http://[::1", "http://[::1]x", "http://a\r\nX: 1", "http://a/\r\nX:1"}) {
    SCOPED_TRACE(url);
    EXPECT_EQ(Endpoint::Parse(url).error().code, Errc::kInvalidArgument);
  }
}

TEST(LocalEndpoint, IsTheFirstTcpAddressOfTheService) {
  settings::Settings settings;
  settings.http_server.listen = {"unix:/run/tidemill.sock", ":8100"};
  EXPECT_EQ(LocalEndpoint(settings, Service::kApi).value(), (Endpoint{false, "127.0.0.1", 8100, ""}));
  settings.http_server.internal_listen = {"127.0.0.1:8200"};
  settings.http_server.tls_cert_file = "cert.pem";
  EXPECT_EQ(LocalEndpoint(settings, Service::kApi).value(), (Endpoint{true, "127.0.0.1", 8200, ""}));
  EXPECT_EQ(LocalEndpoint(settings, Service::kClients).value(), (Endpoint{true, "127.0.0.1", 8100, ""}));
  settings.http_server.listen = {"unix:/run/tidemill.sock"};
  EXPECT_EQ(LocalEndpoint(settings, Service::kClients).error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace tidemill::cli
