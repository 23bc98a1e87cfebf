#include "load/options.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "load/wire.h"

namespace load {
namespace {

constexpr char kUsage[] =
    "usage: load SCENARIO --port P --pid SERVER_PID [OPTIONS]\n"
    "\n"
    "scenarios\n"
    "  fanout    one message to all subscribers, the next when all have it\n"
    "  rate      messages at fixed times, whether the server keeps up or not (void if one is missing)\n"
    "  latency   the same, with every frame of every subscriber read\n"
    "  connect   connections per second: TCP, upgrade, answer to connect\n"
    "  publish   HTTP publications over 16 connections, each waiting for its answer\n"
    "  idle      memory and CPU of connections that do nothing\n"
    "\n"
    "  --publish-port P  fanout, rate, latency: publish on another node (that of --port)\n"
    "  --core C          core the server is pinned to (0)\n"
    "  --target T        tidemill or floor (tidemill)\n"
    "  --subscribers N   connections (1000); publish: 0 is allowed, each has a channel of its own\n"
    "  --rate R          messages per second (1000)\n"
    "  --seconds S       length of the measurement (5)\n"
    "  --payload B       bytes of a publication's data, 64 or more (128)\n"
    "  --in-flight N     connections being opened at once (256)\n"
    "  --own-channel     idle: a channel for each connection\n"
    "  --api-key K       of the server's HTTP API (bench)\n"
    "  --json-out FILE   write the result there too\n"
    "\n"
    "exit: 0 measured, 1 failed, 2 wrong options, 3 void (says why)\n";

[[noreturn]] void Refuse(const std::string& why) {
  std::fprintf(stderr, "load: %s\n\n%s", why.c_str(), kUsage);
  std::exit(2);
}

double Number(std::string_view name, const std::string& text, double min, double max) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= min && value <= max)) {
    Refuse(std::string(name) + ": '" + text + "' is not a number of the range");
  }
  return value;
}

void Set(Options& options, std::string_view name, const std::string& value) {
  const auto whole = [&](double min, double max) { return static_cast<int>(Number(name, value, min, max)); };
  if (name == "--port") {
    options.port = whole(1, 65535);
  } else if (name == "--publish-port") {
    options.publish_port = whole(1, 65535);
  } else if (name == "--pid") {
    options.server_pid = whole(1, 1 << 30);
  } else if (name == "--core") {
    options.server_core = whole(0, 1023);
  } else if (name == "--subscribers") {
    options.subscribers = whole(0, 19'000);
  } else if (name == "--in-flight") {
    options.in_flight = whole(1, 4096);
  } else if (name == "--payload") {
    options.payload_bytes = whole(64, 60'000);
  } else if (name == "--rate") {
    options.rate_per_s = Number(name, value, 1, 1e6);
  } else if (name == "--seconds") {
    options.seconds = Number(name, value, 0.1, 600);
  } else if (name == "--api-key") {
    options.api_key = value;
  } else if (name == "--json-out") {
    options.json_out = value;
  } else if (name == "--target" && (value == "tidemill" || value == "floor")) {
    options.target = value == "floor" ? Target::kFloor : Target::kTidemill;
  } else {
    Refuse("not understood: " + std::string(name) + " " + value);
  }
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  Options options;
  if (argc < 2) Refuse("which scenario?");
  options.scenario = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--own-channel") {
      options.channels = Channels::kOwn;
    } else if (i + 1 == argc) {
      Refuse("a value is missing: " + std::string(name));
    } else {
      Set(options, name, argv[++i]);
    }
  }
  if (options.port == 0 || options.server_pid == 0) Refuse("--port and --pid are needed");
  if (options.subscribers == 0 && options.scenario != "publish") Refuse("--subscribers: at least one");
  return options;
}

}  // namespace load
