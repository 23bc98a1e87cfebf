// What a failure of a broker, a presence store or the sessions' directory is to whoever asked: one table.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "realtime/protocol/codes.h"

namespace tidemill::broker {

// Where the code is shown. The HTTP API says more than the client protocol: clients pass on nothing that a
// store could refuse, so what is not in the second and third column is kErrorInternal to them.
//
//   failure                  kService  kClient  kSubscription
//   kLimitExceeded                106      111            106
//   kUnrecoverablePosition        112      112            112
//   kInvalidArgument              107
//   kNotAvailable                 108
//   kPermissionDenied             103
//   kUnavailable                  100, "Redis is away"; temporary
//   kRefused                      100, "Redis refuses"; temporary
//   any other                     100      100            100
enum class Surface : std::uint8_t {
  kService,  // the HTTP API and the server's own services
  // What a client publishes or reads. 111 is temporary: a queue that is full now is soon short again.
  kClient,
  // A client's subscription. After 106 its SDK gives the subscription up. After a temporary code each of
  // thousands without room would subscribe again at once and keep the store full.
  kSubscription,
};

// Any thread.
protocol::ErrorCode CodeOf(const Error& error, Surface surface);

}  // namespace tidemill::broker
