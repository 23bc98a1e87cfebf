#include "load/options.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <utility>

#include "load/wire.h"

namespace load {
namespace {

constexpr char kUsage[] =
    "usage: load SCENARIO --port P --pid SERVER_PID[,PID...] [OPTIONS]\n"
    "\n"
    "scenarios\n"
    "  fanout    messages to all subscribers, the next when all have one of those under way\n"
    "  rate      messages at fixed times, whether the server keeps up or not (void if one is missing)\n"
    "  latency   the same, with every frame of every subscriber read\n"
    "  connect   connections per second: TCP, upgrade, answer to connect\n"
    "  publish   HTTP publications, each connection waiting for its answer\n"
    "  idle      memory and CPU of connections that do nothing\n"
    "  storm     says 'ready', and how long it takes until all are back that the server then loses\n"
    "  witness   one client that publishes to itself at a rate: how long each answer takes (with --callers\n"
    "            over HTTP)\n"
    "  requests  HTTP requests of a list, each connection waiting for its answer\n"
    "  neighbour connections that send a block of bytes over and over until SIGTERM; says 'ready'\n"
    "\n"
    "  --publish-port P  fanout, rate, latency: publish on another node (that of --port)\n"
    "  --core C          core the server is pinned to (0)\n"
    "  --target T        tidemill, sse, http_stream, floor, centrifuge, plain or socketio (tidemill)\n"
    "  --subscribers N   connections (1000); publish: 0 is allowed, each has a channel of its own\n"
    "  --rate R          messages per second (1000)\n"
    "  --seconds S       length of the measurement (5)\n"
    "  --payload B       bytes of a publication's data, 64 or more (128)\n"
    "  --in-flight N     connections being opened at once (256)\n"
    "  --own-channel     idle: a channel for each connection\n"
    "  --rooms N         fanout, rate: N channels, shared out among the subscribers (one)\n"
    "  --callers N       publish over N HTTP connections (publish: 16; others: over one WebSocket)\n"
    "  --window N        fanout: messages under way at once (1)\n"
    "  --count-frames    publications carry offsets: read them all, for their size does not tell their "
    "number\n"
    "  --may-drown       rate: a server that does not keep up is a finding, the run is not void\n"
    "  --slow N          rate: so many of the subscribers stop reading (0)\n"
    "  --api-key K       of the server's HTTP API (bench)\n"
    "  --json-out FILE   write the result there too\n"
    "\n"
    "requests\n"
    "  --block FILE      the requests, a NUL behind each; they are sent in turn\n"
    "  --connections N   so many of them (1)\n"
    "  --status N        that each answer must have (200)\n"
    "\n"
    "neighbour (--subscribers: how many listen, 0 is allowed)\n"
    "  --block FILE      what each connection sends, again and again\n"
    "  --connections N   so many of them (1)\n"
    "  --websocket       after an upgrade and a connect command\n"
    "  --answers N       the next block waits for N HTTP answers\n"
    "  --last-answer T   the next block waits until T has come over the WebSocket\n"
    "  --blocks-per-s R  those that wait for answers: the next block waits for its time too\n"
    "  --deaf            never reads\n"
    "  --sends-on        sends after the server has closed, until that fails\n"
    "  --deflate         WebSockets ask for permessage-deflate\n"
    "  --reconnects      each block has a WebSocket of its own, without a connect command before it; with\n"
    "                    --last-answer\n"
    "  --channel C       of those that listen (bench)\n"
    "  --token T         of those that listen, and of WebSockets\n"
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

std::vector<int> Numbers(std::string_view name, const std::string& list) {
  std::vector<int> numbers;
  std::stringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');)
    numbers.push_back(static_cast<int>(Number(name, part, 1, 1 << 30)));
  return numbers;
}

Target TargetOf(const std::string& name) {
  constexpr std::pair<std::string_view, Target> kTargets[] = {
      {"tidemill", Target::kTidemill},     {"floor", Target::kFloor},
      {"centrifuge", Target::kCentrifuge}, {"plain", Target::kPlain},
      {"socketio", Target::kSocketIo},     {"sse", Target::kSse},
      {"http_stream", Target::kHttpStream}};
  for (const auto& [known, target] : kTargets) {
    if (known == name) return target;
  }
  Refuse("--target: '" + name + "' is not one of them");
}

// The option of that name; null: there is none.
bool* Flag(Options& options, std::string_view name) {
  if (name == "--count-frames") return &options.count_frames;
  if (name == "--may-drown") return &options.may_drown;
  if (name == "--websocket") return &options.websocket;
  if (name == "--deaf") return &options.deaf;
  if (name == "--sends-on") return &options.sends_on;
  if (name == "--deflate") return &options.deflate;
  if (name == "--reconnects") return &options.reconnects;
  return nullptr;
}

std::string* Text(Options& options, std::string_view name) {
  if (name == "--api-key") return &options.api_key;
  if (name == "--json-out") return &options.json_out;
  if (name == "--block") return &options.block;
  if (name == "--last-answer") return &options.last_answer;
  if (name == "--channel") return &options.channel;
  if (name == "--token") return &options.token;
  return nullptr;
}

void Set(Options& options, std::string_view name, const std::string& value) {
  const auto whole = [&](double min, double max) { return static_cast<int>(Number(name, value, min, max)); };
  if (name == "--port") {
    options.port = whole(1, 65535);
  } else if (name == "--publish-port") {
    options.publish_port = whole(1, 65535);
  } else if (name == "--pid") {
    options.server_pids = Numbers(name, value);
  } else if (name == "--rooms") {
    options.rooms = whole(1, 100'000);
    options.channels = Channels::kOwn;
  } else if (name == "--callers") {
    options.callers = whole(1, 4096);
  } else if (name == "--window") {
    options.window = whole(1, 4096);
  } else if (name == "--slow") {
    options.slow = whole(0, 1000);
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
  } else if (name == "--connections") {
    options.connections = whole(1, 4096);
  } else if (name == "--status") {
    options.status = whole(100, 599);
  } else if (name == "--answers") {
    options.answers = whole(1, 4096);
  } else if (name == "--blocks-per-s") {
    options.blocks_per_s = Number(name, value, 0.1, 1e6);
  } else if (std::string* const text = Text(options, name)) {
    *text = value;
  } else if (name == "--target") {
    options.target = TargetOf(value);
  } else {
    Refuse("not understood: " + std::string(name) + " " + value);
  }
}

// Explains and exits if they do not go together.
void Check(const Options& options) {
  const bool is_neighbour = options.scenario == "neighbour";
  if (options.port == 0 || (options.server_pids.empty() && !is_neighbour))
    Refuse("--port and --pid are needed");
  const bool centrifuge = options.target != Target::kCentrifuge && options.target != Target::kPlain &&
                          options.target != Target::kSocketIo;
  const bool publishes =
      options.scenario == "fanout" || options.scenario == "rate" || options.scenario == "latency";
  if (publishes && options.callers == 0 && (options.rooms != 0 || !centrifuge))
    Refuse("--callers is needed: rooms, and other targets, are published to over HTTP");
  if (options.slow >= options.subscribers && options.slow > 0) Refuse("--slow: one subscriber must read");
  if (options.rooms != 0 && options.subscribers % options.rooms != 0)
    Refuse("--subscribers must be a multiple of --rooms");
  if (options.scenario == "requests" && options.block.empty()) Refuse("--block is needed");
  if (options.subscribers == 0 && options.scenario != "publish" && !is_neighbour)
    Refuse("--subscribers: at least one");
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
    } else if (bool* const flag = Flag(options, name)) {
      *flag = true;
    } else if (i + 1 == argc) {
      Refuse("a value is missing: " + std::string(name));
    } else {
      Set(options, name, argv[++i]);
    }
  }
  Check(options);
  return options;
}

}  // namespace load
