// Sink: where entries of one kind leave to. One for each name that an entry's `sink` may have; another way
// out (a message broker) is another implementation and one more in the relay's list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/task.h"
#include "outbox/entry.h"

namespace tidemill::outbox {

struct Delivery {
  enum class Result : std::uint8_t {
    kSent,     // it is where it was to go, now or from an earlier attempt
    kRefused,  // it can never go there
    kFailed,   // not now
  };
  Result result = Result::kSent;
  std::string why;  // for a person; "" of kSent
};

class Sink {
 public:
  virtual ~Sink() = default;
  // A literal.
  virtual std::string_view name() const = 0;
  // One at a time for each lane, in its order; many lanes at once. An entry may come again although it was
  // sent, with the same id and created_at, also from another node: what it goes to knows it by these.
  // Loop thread only.
  virtual Task<Delivery> Send(const Entry& entry) = 0;
};

}  // namespace tidemill::outbox
