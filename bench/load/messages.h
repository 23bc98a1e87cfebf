// The publications of a run: numbered, stamped, and all of one size, so that bytes count messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/options.h"

namespace load {

struct Stamp {
  std::int64_t number = -1;  // -1: there is none
  std::int64_t time_ns = 0;
};

// The stamps of a frame's publications, in their order. A publication without one counts as number -1.
std::vector<Stamp> ReadStamps(std::string_view payload);

// The messages that came to one subscriber.
class Received {
 public:
  // False if it came before or, where order counts, after a later one.
  bool Take(std::int64_t number, bool ordered);

 private:
  std::vector<bool> came_;
};

class Messages {
 public:
  explicit Messages(int payload_bytes);

  // A publication's data; valid until the next call.
  std::string_view Data(const Stamp& stamp);

 private:
  std::string data_;
};

// A channel of a run, all of one length.
std::string OwnChannel(std::size_t number);
// The channel a message goes to: the shared one, or that of its room.
std::string ChannelOf(std::int64_t number, int rooms);

}  // namespace load
