// The publications of a run: numbered, stamped, and all of one size, so that bytes count messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "load/options.h"

namespace load {

struct Stamp {
  std::int64_t number = -1;  // -1: there is none
  std::int64_t time_ns = 0;
};

// Finds the stamp in a frame's payload.
Stamp ReadStamp(std::string_view payload);

class Messages {
 public:
  Messages(Target target, int payload_bytes);

  // Appends a client's frame that publishes to the shared channel. The floor gets what the server would make
  // of it, so that subscribers of both receive the same bytes.
  void AppendPublish(const Stamp& stamp, std::string& out);
  // A publication's data; valid until the next call.
  std::string_view Data(const Stamp& stamp);
  // Bytes of the frame that each subscriber gets.
  std::size_t delivered_bytes() const;

 private:
  const std::string before_;
  const std::string after_;
  std::string data_;
  std::string text_;
  std::size_t delivered_bytes_;
};

}  // namespace load
