// RemoteTier: answers that several nodes share, and the right to run a query for all of them.
//
// The cache does without it at any time: what it cannot do now it does not do, and nobody waits for it longer
// than a moment. redis/ has the implementation. Thread: one per loop; call it on that loop.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/task.h"
#include "queries/cache/answer_store.h"
#include "queries/cache/flight.h"

namespace tidemill::queries {

class RemoteTier {
 public:
  virtual ~RemoteTier() = default;

  // Whoever has it may Keep what the query gives.
  struct Ticket {
    std::string generations;  // of the tables, as all nodes see them; "": it cannot be kept
    std::string lock;         // "": another node may run the same query
  };
  struct Terms {
    std::optional<MadeAnswer> answer;  // a good one, maybe past its time: no query is needed
    Ticket ticket;                     // else
  };
  // Before the query. Waits a moment if another node runs it.
  virtual Task<Terms> Ask(FlightPtr flight) = 0;
  // After it; neither waits.
  virtual void Keep(FlightPtr flight, Ticket ticket, MadeAnswer made) = 0;
  virtual void GiveUp(FlightPtr flight, Ticket ticket) = 0;

  // Tells the other nodes what has changed; until that is done, Ask gives nothing that depends on it. That it
  // is to be done is noted when it returns; the task ends when it is done, or after a moment.
  virtual Task<void> Changed(std::vector<std::string> tables_and_tags) = 0;
};

}  // namespace tidemill::queries
