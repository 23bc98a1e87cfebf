// The command line of the load generator.
#pragma once

#include <string>
#include <vector>

namespace load {

// What the server under test speaks; protocol.h says how.
// kSse and kHttpStream are Tidemill too, over HTTP.
enum class Target { kTidemill, kFloor, kCentrifuge, kPlain, kSocketIo, kSse, kHttpStream };

// What a connection of a crowd subscribes to.
enum class Channels { kNone, kShared, kOwn };

struct Options {
  std::string scenario;
  Target target = Target::kTidemill;
  Channels channels = Channels::kShared;
  int port = 0;
  int publish_port = 0;          // where messages are published; 0: on `port`
  std::vector<int> server_pids;  // whose CPU and memory are the server's
  int server_core = 0;
  int subscribers = 1000;
  int rooms = 0;              // channels that the subscribers share out among themselves; 0: one, or one each
  int callers = 0;            // HTTP connections that publish; 0: publish over one WebSocket
  int window = 1;             // fanout: messages under way at once
  int slow = 0;               // rate: subscribers that stop reading
  bool may_drown = false;     // rate: that the server does not keep up is a finding, and makes nothing void
  bool count_frames = false;  // deliveries are not all of one size
  int in_flight = 256;
  int payload_bytes = 128;  // of a publication's data
  double rate_per_s = 1000;
  double seconds = 5;
  int connections = 1;  // neighbour, requests
  int status = 200;     // requests: what each answer must have
  // neighbour
  std::string block;  // file of the bytes that each of them sends again and again; requests: of the list
  bool websocket = false;
  int answers = 0;          // HTTP answers to a block, which are waited for; 0: none
  std::string last_answer;  // what stands in a WebSocket's last answer to a block
  double blocks_per_s = 0;  // 0: as fast as it goes
  bool deaf = false;
  bool sends_on = false;
  bool deflate = false;     // the handshake asks for permessage-deflate
  bool reconnects = false;  // each block goes over a connection of its own
  std::string channel = "bench";
  std::string token;
  std::string api_key = "bench";
  std::string json_out;
};

// Explains and exits if something is wrong with them.
Options ParseOptions(int argc, char** argv);

}  // namespace load
