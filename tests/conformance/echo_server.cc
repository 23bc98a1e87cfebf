// A server with nothing but WebSocket echo endpoints, for websocket_conformance.py.
//
//   websocket_echo_server [PORT]      PORT 0 or none: any free one. Prints the port and serves until killed.
//
// /echo takes messages of 32 MiB in 131072 fragments; /limited is the same with 64 KiB and 64, which the
// script knows.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

#include "http/server.h"
#include "net/listener.h"
#include "websocket/echo.h"

namespace {

using namespace tidemill;

websocket::EchoOptions Options(websocket::FrameLimits limits) {
  return {.connection = {.limits = limits, .close_timeout = Seconds(5)}, .deflate = true};
}

int Run(std::uint16_t port) {
  auto loop = net::Loop::Open({});
  if (!loop) {
    std::fprintf(stderr, "%s\n", loop.error().detail.c_str());
    return 1;
  }
  http::Router router;
  router.AddUpgrade("/echo", websocket::MakeEchoHandler(Options({32 * 1024 * 1024, 131072})));
  router.AddUpgrade("/limited", websocket::MakeEchoHandler(Options({64 * 1024, 64})));
  const auto server = http::Server::Make(**loop, router, {});
  net::ListenerOptions options;
  options.address = *net::ListenAddress::Parse("127.0.0.1:" + std::to_string(port));
  const auto listener = net::OpenListener(**loop, std::move(options), *server);
  if (!listener) {
    std::fprintf(stderr, "%s\n", listener.error().detail.c_str());
    return 1;
  }
  std::printf("%u\n", (*listener)->bound().tcp.port);
  std::fflush(stdout);
  (*loop)->Run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  if (argc > 1) {
    const char* const end = argv[1] + std::strlen(argv[1]);
    if (std::from_chars(argv[1], end, port).ptr != end) {
      std::fprintf(stderr, "usage: %s [PORT]\n", argv[0]);
      return 2;
    }
  }
  return Run(port);
}
