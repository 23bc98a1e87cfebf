// The command line of the load generator.
#pragma once

#include <string>

namespace load {

enum class Target { kTidemill, kFloor };

// Who a connection of a crowd hears.
enum class Channels { kNone, kShared, kOwn };

struct Options {
  std::string scenario;
  Target target = Target::kTidemill;
  Channels channels = Channels::kShared;
  int port = 0;
  int publish_port = 0;  // where messages are published; 0: on `port`
  int server_pid = 0;
  int server_core = 0;
  int subscribers = 1000;
  int in_flight = 256;
  int payload_bytes = 128;  // of a publication's data
  double rate_per_s = 1000;
  double seconds = 5;
  std::string api_key = "bench";
  std::string json_out;
};

// Explains and exits if something is wrong with them.
Options ParseOptions(int argc, char** argv);

}  // namespace load
