// websocket_echo MESSAGE_BYTES_MAX FRAGMENTS_MAX: echo endpoints on the loopback interface: /echo takes what
// the largest cases send, /limited what the arguments allow. Says where it listens as the server does, and
// ends with SIGTERM.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "conformance/echo/echo.h"
#include "http/server.h"
#include "net/listener.h"
#include "net/loop.h"

namespace {

using namespace tidemill;

int Serve(const websocket::FrameLimits& limited) {
  constexpr websocket::FrameLimits kLarge{.message_bytes_max = 32 << 20, .fragments_max = 131072};
  const auto loop = net::Loop::Open({});
  if (!loop) return std::fprintf(stderr, "%s\n", loop.error().detail.c_str()), 1;
  auto router = std::make_shared<http::Router>();
  for (const auto& [path, limits] : {std::pair("/echo", kLarge), std::pair("/limited", limited)}) {
    router->AddTakeover(http::Method::kGet, path,
                        websocket::MakeEchoHandler({.connection = {.limits = limits}, .deflate = true}));
  }
  const auto server = http::Server::Make(**loop, std::move(router), {});
  auto listener = net::OpenListener(**loop, {.address = *net::ListenAddress::Parse("127.0.0.1:0")}, *server);
  if (!listener) return std::fprintf(stderr, "%s\n", listener.error().detail.c_str()), 1;
  std::printf("server.listening address=%s\n", (*listener)->bound().ToString().c_str());
  std::fflush(stdout);
  while (true) (*loop)->RunOnce(Seconds(60));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return std::fprintf(stderr, "usage: websocket_echo MESSAGE_BYTES_MAX FRAGMENTS_MAX\n"), 2;
  std::signal(SIGTERM, [](int) { std::_Exit(0); });
  std::signal(SIGPIPE, SIG_IGN);
  return Serve({.message_bytes_max = std::strtoul(arguments[1], nullptr, 10),
                .fragments_max = static_cast<std::uint32_t>(std::strtoul(arguments[2], nullptr, 10))});
}
